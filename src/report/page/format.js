// Formats numbers, days and names as text.

const wholeNumber = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const someDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 });
const percentage = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const monthFormat = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric', timeZone: 'UTC' });

// Whether a unit of time is shorter than a day.
function isOfClock(unit) {
  return ['second', 'minute', 'hour'].includes(unit);
}

// The name of the bin of time that begins at a date.
function unitName(unit, day) {
  const date = new Date(`${day.slice(0, 10)}T00:00:00Z`);
  if (isOfClock(unit)) return `${dayFormat.format(date)} ${day.slice(11)}`;
  if (unit === 'year') return day.slice(0, 4);
  if (unit === 'month') return monthFormat.format(date);
  return unit === 'week' ? `Week of ${dayFormat.format(date)}` : dayFormat.format(date);
}

function plural(count, one, many = `${one}s`) {
  return `${wholeNumber.format(count)} ${count === 1 ? one : many}`;
}

function share(part, whole) {
  return whole > 0 ? percentage.format(part / whole) : '–';
}

// If several things have the same name, the beginning of the id is added to each.
function distinct(name, id, names) {
  return names.get(name) > 1 && id ? `${name} · ${id.slice(0, 8)}` : name;
}

function occurrences(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

const groupNames = occurrences(data.groups.map((group) => group.name ?? group.id));

function groupName(slot) {
  const group = data.groups[slot];
  if (!group) return plural(data.furtherGroups, 'further group');
  if (group.id === 'quarantine') return 'Quarantine';
  if (group.id === 'ungrouped') return 'No group named';
  return distinct(group.name ?? group.id, group.id, groupNames);
}

function typeName(slot) {
  return data.types[slot] ?? plural(data.furtherTypes, 'further type');
}

function actionName(slot) {
  const action = data.actions[slot];
  switch (action.kind) {
    case 'none': return 'No action';
    case 'package': return `${plural(action.actions, 'further action')} of ${action.package}`;
    case 'others': return plural(action.actions, 'further action');
    default: return action.title || action.package || action.id;
  }
}

const actionNames = occurrences(data.actions.map((action, slot) => actionName(slot)));

function actionLabel(slot) {
  return distinct(actionName(slot), data.actions[slot].id, actionNames);
}

// The name of a person, with phone number or id for the tooltip.
function personCell(place) {
  const [id, name] = data.people[place] ?? [];
  return { text: name || id || 'Nobody named', title: name ? id : '' };
}

// An id is long, and says little: tables show its beginning, the tooltip and the CSV all of it.
function groupCell(slot) {
  const { id = '', name } = data.groups[slot] ?? {};
  const text = groupName(slot);
  return name || text !== id || id.length <= 16 ? { text, title: name ? id : '' } : { text, title: id, shown: `${id.slice(0, 12)}…` };
}

function actionCell(slot) {
  return { text: actionLabel(slot), title: data.actions[slot].id ?? '' };
}

// The card that asks a question, with its id for the tooltip. If several ask it, the first and how many others.
function cardOf(question) {
  const slots = new Set();
  for (let at = 0; at < question.answered.list.length; at += question.answered.stride) slots.add(data.series[question.answered.list[at]][2]);
  const titled = [...slots].sort((one, other) => one - other).filter((slot) => data.actions[slot].title);
  const titles = [...new Set(titled.map((slot) => data.actions[slot].title))];
  if (!titles.length) return question.package ? { text: question.package, title: '' } : undefined;
  return { text: titles.length === 1 ? titles[0] : `${titles[0]} and ${titles.length - 1} more`, title: titled.map((slot) => data.actions[slot].id).slice(0, 5).join(', ') };
}

function questionTitle(question) {
  return question.title?.trim() || `Question ${question.position} (no title)`;
}

// For canvases: isolates text, so that another direction of writing does not move the text beside it.
function isolated(text) {
  return `\u2068${text}\u2069`;
}

// Shortens a name. The part at the end, behind a dot, is kept, since it tells names apart.
function shortened(text, most) {
  const [, name, end] = /^(.*)( · [^·]{1,8})$/su.exec(text) ?? [];
  if (end && text.length > most) return `${isolated(shortened(name, Math.max(6, most - 7)))}${end.slice(0, 7)}`;
  const characters = Array.from(text);
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}
