// A delivery, opened: facts, body, item, rows.

// Beyond this, the parts of a body are not coloured: it would take long.
const MOST_COLOURED = 60_000;
const PARTS = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)/g;

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== '');
  return element('dl', { className: 'facts' }, ...shown.flatMap(([name, value]) =>
    [element('dt', { textContent: name }), value instanceof Node ? element('dd', {}, value) : sent('dd', value)]));
}

function aboutDelivery(delivery) {
  return facts([
    ['Outcome', outcomesOf(delivery)],
    ['Reason', delivery.reason],
    ['Group', delivery.group],
    ['Event id', delivery.eventId],
    ['Received', delivery.receivedAt],
    ['Request', `${delivery.method} ${delivery.path}, answered with ${delivery.status} in ${latency(delivery.milliseconds)}`],
    ['Request id', delivery.requestId],
    ['Body', size(delivery.bytes)],
  ]);
}

// Each part of indented JSON in an element of its own, so that it has a colour. What is in between stays as it is.
function coloured(json) {
  const parts = [];
  let end = 0;
  for (const { 0: whole, 1: text, 2: colon, 3: other, index } of json.matchAll(PARTS)) {
    parts.push(json.slice(end, index));
    const kind = text === undefined ? 'number' : colon === undefined ? 'text' : 'key';
    parts.push(element('span', { className: kind, textContent: text ?? other }), colon ?? '');
    end = index + whole.length;
  }
  return [...parts, json.slice(end)];
}

function bodyOf({ text, isJson, isUtf8, isCut }) {
  if (!text) return [element('p', { className: 'note', textContent: 'Nothing was sent.' })];
  const shown = element('pre', { className: 'json', tabIndex: 0 });
  shown.setAttribute('aria-label', 'Body');
  shown.append(...(isJson && text.length <= MOST_COLOURED ? coloured(text) : [text]));
  const notes = [];
  if (!isUtf8) notes.push('It is not UTF-8: what cannot be shown is replaced by �.');
  else if (!isJson) notes.push('It is not JSON, and shown as it came.');
  if (isCut) notes.push('It is longer than this; the item has all of it.');
  return [shown, ...notes.map((textContent) => element('p', { className: 'note', textContent }))];
}

// A table that scrolls by itself, also by the keyboard.
function scrolling(label, className, columns, rows) {
  const head = element('tr', {}, ...columns.map((column) => element('th', { scope: 'col', textContent: column })));
  const body = rows.map((row) => element('tr', {}, ...row.map((cell, at) => sent('td', cell ?? '–', { className: columns[at] === 'type' || columns[at] === 'row' ? 'kind' : '' }))));
  const region = element('div', { className: `scroll ${className}`, tabIndex: 0 }, element('table', {}, element('thead', {}, head), element('tbody', {}, ...body)));
  region.setAttribute('role', 'region');
  region.setAttribute('aria-label', label);
  return region;
}

function rowsOf({ name, columns, rows, count }) {
  const title = element('h4', {}, element('code', { textContent: name }), ` · ${plural(count, 'row')}`);
  const more = count > rows.length ? [element('p', { className: 'note', textContent: `The first ${rows.length} are shown.` })] : [];
  // What is the same in all rows is told once, from top to bottom.
  const places = [...columns.keys()];
  const varies = places.filter((at) => rows.some((row) => row[at] !== rows[0][at]));
  const same = places.filter((at) => !varies.includes(at));
  const once = facts(same.map((at) => [columns[at], rows[0][at]]));
  once.dataset.table = name;
  if (rows.length === 1) return [title, once];
  const each = scrolling(`Rows of ${name}`, 'wide', ['row', ...varies.map((at) => columns[at])],
    rows.map((row, number) => [`${number + 1}`, ...varies.map((at) => row[at])]));
  each.dataset.table = name;
  return [title, once, each, ...more];
}

function itemOf({ group, key, attributes, tables, problem }) {
  const rows = problem === null ? tables.flatMap(rowsOf) : [element('p', { className: 'note', textContent: `No rows come of it: ${problem}.` })];
  return [
    element('h3', { textContent: 'Item in the table' }),
    element('p', { className: 'note' }, sent('bdi', group), ' / ', sent('bdi', key)),
    scrolling('Attributes of the item', 'item', ['attribute', 'type', 'value'], attributes),
    element('h3', { textContent: 'Rows for dashboards' }),
    ...rows,
    element('p', { className: 'note', textContent: 'What all rows of a table share is told once. Left out are columns without a value, and is_latest, which depends on the other events.' }),
  ];
}

function contentsOf({ facts: delivery, body, items }) {
  const none = [element('p', { className: 'note', textContent: 'No item of the table came of this delivery.' })];
  return [aboutDelivery(delivery), element('h3', { textContent: 'Body' }), ...bodyOf(body), ...(items.length ? items.flatMap(itemOf) : none)];
}
