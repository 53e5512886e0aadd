// The filters: search fields, each of which offers what the others leave. The fragment of the URL keeps what is selected.

// The chosen ids, which mean the same in the next report. '' stands for everything.
const chosen = { group: '', type: '', action: '' };

// The places in the lists of the report that a choice stands for, or null for all.
const PLACES = {
  group: (value) => value && data.groups.findIndex((group) => group.id === value),
  type: (value) => value && data.types.indexOf(value),
};

function places(kind, value) {
  if (value === '') return null;
  if (kind !== 'action') {
    const place = PLACES[kind](value);
    return new Set([place < 0 ? (kind === 'group' ? data.groups : data.types).length : place]);
  }
  return new Set(data.actions.flatMap((action, slot) => (actionValue(slot) === value || `package:${action.package}` === value ? [slot] : [])));
}

function groupValue(slot) {
  return data.groups[slot]?.id ?? 'further';
}

function typeValue(slot) {
  return data.types[slot] ?? 'further';
}

function actionValue(slot) {
  const { kind, id, package: name } = data.actions[slot];
  return id ?? (kind === 'package' ? `further:${name}` : kind);
}

// The places of one filter that occur together with what the other filters select.
function left(kind) {
  const at = { group: 0, type: 1, action: 2 };
  const others = Object.keys(at).filter((other) => other !== kind).map((other) => [at[other], places(other, chosen[other])]);
  const found = new Set();
  for (const series of data.series) {
    if (others.every(([place, wanted]) => !wanted || wanted.has(series[place]))) found.add(series[at[kind]]);
  }
  return found;
}

// The options of each filter: value, text, tooltip, heading.
const OFFERED = {
  group: () => [...left('group')].sort((one, other) => one - other).map((slot) => [groupValue(slot), groupName(slot), data.groups[slot]?.id ?? '', '']),
  type: () => [...left('type')].filter((slot) => slot !== null).sort((one, other) => one - other).map((slot) => [typeValue(slot), typeName(slot), '', '']),
  action() {
    const slots = [...left('action')].sort((one, other) => one - other);
    const packages = [...new Set(slots.map((slot) => data.actions[slot].package).filter(Boolean))].sort();
    const of = (heading, kinds) => slots.filter((slot) => kinds.includes(data.actions[slot].kind))
      .map((slot) => [actionValue(slot), actionLabel(slot), data.actions[slot].id ?? '', heading]);
    return [...of('Cards and surveys', ['card']), ...of('Jobs', ['job']),
      ...packages.map((name) => [`package:${name}`, name, '', 'Packages, with all their actions']),
      ...of('Counted together', ['package', 'others', 'none'])];
  },
};
const EVERYTHING = { group: 'All groups', type: 'All types', action: 'All actions' };

// A field with a list of options below it. Typing narrows the list; the arrow keys and Enter choose from it.
class Chooser {
  constructor(kind) {
    this.kind = kind;
    this.input = document.getElementById(kind);
    this.list = element('ul', { id: `${kind}-list`, hidden: true });
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', this.input.labels[0].textContent);
    this.input.after(this.list);
    this.input.setAttribute('aria-controls', this.list.id);
    this.input.setAttribute('aria-expanded', 'false');
    this.input.addEventListener('focus', () => this.input.select());
    this.input.addEventListener('click', () => this.open(''));
    this.input.addEventListener('input', () => this.open(this.input.value));
    this.input.addEventListener('keydown', (event) => this.key(event));
    this.input.addEventListener('blur', () => this.close());
    // A click on an option must not take the focus from the field.
    this.list.addEventListener('mousedown', (event) => event.preventDefault());
    this.list.addEventListener('click', (event) => {
      const option = event.target.closest('[role=option]');
      if (option) this.pick(option);
    });
  }

  options() {
    return [['', EVERYTHING[this.kind], '', ''], ...OFFERED[this.kind]()];
  }

  // Shows the chosen option in the field.
  write() {
    const option = this.options().find(([value]) => value === chosen[this.kind]);
    this.input.value = option?.[1] ?? chosen[this.kind];
    this.input.title = option?.[2] ?? '';
  }

  open(search) {
    const wanted = search.trim().toLowerCase();
    const found = this.options().filter(([, text, id]) => `${text}\n${id}`.toLowerCase().includes(wanted));
    let heading = '';
    this.list.replaceChildren(...found.flatMap(([value, text, title, under], at) => {
      const option = userText('li', text, { id: `${this.kind}-option-${at}`, title });
      option.setAttribute('role', 'option');
      option.setAttribute('aria-selected', String(value === chosen[this.kind]));
      option.dataset.value = value;
      if (under === heading) return [option];
      heading = under;
      const above = element('li', { className: 'heading', textContent: under });
      above.setAttribute('role', 'presentation');
      return [above, option];
    }));
    if (!found.length) this.list.append(element('li', { className: 'heading', textContent: 'Nothing is called that in this selection.' }));
    this.list.hidden = false;
    this.input.setAttribute('aria-expanded', 'true');
    this.move(this.list.querySelector('[aria-selected=true]') ?? this.list.querySelector('[role=option]'));
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
    this.write();
  }

  move(option) {
    this.list.querySelector('.active')?.classList.remove('active');
    if (!option) return;
    option.classList.add('active');
    option.scrollIntoView({ block: 'nearest' });
    this.input.setAttribute('aria-activedescendant', option.id);
  }

  pick(option) {
    chosen[this.kind] = option.dataset.value;
    this.close();
    update();
  }

  key(event) {
    const options = [...this.list.querySelectorAll('[role=option]')];
    const at = options.findIndex((option) => option.classList.contains('active'));
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (this.list.hidden) this.open('');
      else this.move(options[Math.max(0, Math.min(options.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1)))]);
    } else if (event.key === 'Enter' && !this.list.hidden && at >= 0) {
      this.pick(options[at]);
    } else if (event.key === 'Escape' && !this.list.hidden) {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
  }
}

const choosers = Object.keys(chosen).map((kind) => new Chooser(kind));

// A time of a field in the form of the bins. Browsers leave out seconds that are 0.
function timeIn(text) {
  return data.unit === 'second' && text.length === 16 ? `${text}:00` : text;
}

function readFilters() {
  filter.group = places('group', chosen.group);
  filter.type = places('type', chosen.type);
  filter.actions = places('action', chosen.action);
  const [from, to] = ['from', 'to'].map((id) => timeIn(document.getElementById(id).value));
  const { bins } = data;
  // A bin is selected if a part of it is.
  const next = bins.findIndex((bin) => bin > from);
  filter.first = from ? Math.max(0, (next < 0 ? bins.length : next) - 1) : 0;
  filter.last = to ? bins.findLastIndex((bin) => bin <= to) : bins.length - 1;
  if (from > document.getElementById('to').defaultValue) filter.first = bins.length;
  filter.isBackwards = from !== '' && to !== '' && from > to;
  for (const chooser of choosers) chooser.write();
  select();
}

// Sets the filter to what a bar of a chart stands for.
function narrow({ first, last = first, ...more }) {
  Object.assign(chosen, more);
  if (first !== undefined) {
    const [from, to] = ['from', 'to'].map((id) => document.getElementById(id));
    const after = data.bins[last + 1];
    from.value = data.bins[first];
    if (isOfClock(data.unit)) to.value = data.bins[last];
    else to.value = after ? new Date(Date.parse(after) - 864e5).toISOString().slice(0, 10) : to.defaultValue;
  }
  update();
}

function resetFilters() {
  Object.assign(chosen, { group: '', type: '', action: '' });
  for (const id of ['from', 'to']) document.getElementById(id).value = document.getElementById(id).defaultValue;
}

// The fragment of the URL holds the selection, so that a link or a reload shows the same.
function writeFragment() {
  const parts = new URLSearchParams();
  for (const [kind, value] of Object.entries(chosen)) if (value) parts.set(kind, value);
  for (const id of ['from', 'to']) {
    const { value, defaultValue } = document.getElementById(id);
    if (timeIn(value) !== timeIn(defaultValue)) parts.set(id, timeIn(value));
  }
  history.replaceState(null, '', `#${parts}`);
}

function readFragment() {
  const parts = new URLSearchParams(location.hash.slice(1));
  resetFilters();
  for (const kind of Object.keys(chosen)) chosen[kind] = parts.get(kind) ?? '';
  for (const id of ['from', 'to']) if (parts.has(id)) document.getElementById(id).value = parts.get(id);
}
