// A table that the reader can open, search, and save as CSV.

const MOST_ROWS = 300;
// A shorter table does not need a search field.
const SEARCHED = 12;

// The text of a cell. A cell is a number, a text, or an object with a text and more (`title` for the tooltip, `shown` for a shorter text, `href`).
function cellText(cell) {
  const plain = cell !== null && typeof cell === 'object' ? cell.text : cell;
  return typeof plain === 'number' ? someDigits.format(plain) : plain ?? '–';
}

function cellContent(cell) {
  // Only http and https become links: a URL that somebody wrote must not run as a script.
  if (!cell?.href || !/^https?:\/\//i.test(cell.href)) return cell?.shown ?? cellText(cell);
  return element('a', { href: cell.href, target: '_blank', rel: 'noopener noreferrer', textContent: cellText(cell) });
}

// A cell for a spreadsheet: quoted, and with an apostrophe in front of a text that would be read as a formula.
function csvOf(columns, rows) {
  const plain = (cell) => (typeof cell === 'number' ? String(cell) : cell === null ? '' : cellText(cell));
  const safe = (text) => (/^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]/.test(text) ? `'${text}` : text);
  const field = (cell) => (typeof cell === 'number' ? plain(cell) : `"${safe(plain(cell)).replaceAll('"', '""')}"`);
  const links = columns.map((column, at) => rows.some((row) => row[at]?.href));
  const line = (row) => row.flatMap((cell, at) => (links[at] ? [field(cell), field(cell?.href ?? null)] : [field(cell)])).join(',');
  const head = columns.map(cellText).flatMap((column, at) => (links[at] ? [column, `${column}: address`] : [column]));
  return `\ufeff${[head.map(field).join(','), ...rows.map(line)].join('\r\n')}\r\n`;
}

function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  element('a', { href: url, download: `${name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

class Listing {
  constructor(id, name, title, isOpen = false) {
    this.id = id;
    this.rows = [];
    this.search = element('input', { type: 'search', id: `${id}-search`, placeholder: 'Search' });
    this.search.setAttribute('aria-label', `Search: ${title}`);
    this.csv = element('button', { type: 'button', textContent: 'Save as CSV' });
    this.table = element('div', { className: 'scroll', tabIndex: 0 });
    this.table.setAttribute('role', 'region');
    this.table.setAttribute('aria-label', `${name}: ${title}`);
    this.more = element('p', { className: 'note' });
    this.summary = element('summary', { textContent: name });
    this.root = element('details', { id: `${id}-table`, open: isOpen }, this.summary,
      element('div', { className: 'tools' }, this.search, this.csv), this.table, this.more);
    this.root.addEventListener('toggle', () => this.fill());
    this.search.addEventListener('input', () => this.fill());
    this.csv.addEventListener('click', () => save(id, csvOf(this.columns, this.found())));
  }

  show({ columns, rows, caption }) {
    Object.assign(this, { columns, rows, caption });
    this.search.hidden = rows.length <= SEARCHED;
    if (this.search.hidden) this.search.value = '';
    this.fill();
  }

  found() {
    const wanted = this.search.value.trim().toLowerCase();
    return wanted ? this.rows.filter((row) => row.some((cell) => `${cellText(cell)}\n${cell?.title ?? ''}`.toLowerCase().includes(wanted))) : this.rows;
  }

  fill() {
    if (!this.root.open || !this.columns) {
      this.table.replaceChildren();
      return;
    }
    const { columns, rows, caption } = this;
    const found = this.found();
    const isNumber = columns.map((column, at) => at > 0 && rows.length > 0
      && rows.every(({ [at]: cell }) => typeof cell === 'number' || cell === null || (typeof cell === 'string' && /^([\d,.]+%?|–)$/.test(cell))));
    const head = element('tr', {}, ...columns.map((column, at) => userText('th', cellText(column), { scope: 'col', title: column.title ?? '', className: isNumber[at] ? 'number' : '' })));
    const body = found.slice(0, MOST_ROWS).map((row) => element('tr', {}, ...row.map((cell, at) =>
      element(at === 0 ? 'th' : 'td', { dir: 'auto', title: cell?.title ?? '', ...(at === 0 ? { scope: 'row' } : { className: isNumber[at] ? 'number' : '' }) }, cellContent(cell)))));
    const parts = [element('thead', {}, head), element('tbody', {}, ...body)];
    if (caption) parts.unshift(element('caption', { textContent: caption }));
    this.table.replaceChildren(element('table', {}, ...parts));
    this.more.hidden = found.length <= MOST_ROWS && found.length > 0;
    this.more.textContent = found.length === 0 ? 'Nothing found.' : `The first ${MOST_ROWS} of ${plural(found.length, 'row')}; the CSV has all.`;
  }
}
