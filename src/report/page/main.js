// The page: filters, summary, panels.

const byId = (id) => document.getElementById(id);

const FIXED = [
  ['events-by-type', `Events per ${data.unit}, by type`, 'activity', eventsByType],
  ['events-by-group', `Events per ${data.unit}, by group`, 'activity', eventsByGroup],
  ['responses', 'Responses per action', 'actions', responsesByAction],
  ['completion', 'Completion per action', 'actions', completionByAction],
  ['jobs', 'Jobs: open and done', 'others', jobs],
  ['membership', 'Membership', 'others', membership],
  ['quarantine', 'Quarantine', 'others', quarantine],
];

function option(value, text) {
  return userText('option', text, { value });
}

function fillFilters() {
  byId('group').append(option('', 'All groups'), ...slotsUpTo(data.groups, data.furtherGroups).map((slot) => option(slot, groupName(slot))));
  byId('type').append(option('', 'All types'), ...slotsUpTo(data.types, data.furtherTypes).map((slot) => option(slot, typeName(slot))));
  const slots = data.actions.map((action, slot) => slot);
  const packages = [...new Set(data.actions.map((action) => action.package).filter(Boolean))].sort();
  const group = (label, options) => (options.length ? [element('optgroup', { label }, ...options)] : []);
  const of = (kinds) => slots.filter((slot) => kinds.includes(data.actions[slot].kind)).map((slot) => option(`a${slot}`, actionLabel(slot)));
  byId('action').append(
    option('', 'All actions'),
    ...group('Packages, with all their actions', packages.map((name, at) => option(`p${at}`, name))),
    ...group('Cards and surveys', of(['card'])),
    ...group('Jobs', of(['job'])),
    ...group('Counted together', of(['package', 'others', 'none'])),
  );
  filter.packages = packages;
  const [first, last] = data.period ?? [];
  const [from, to] = [first, last].map((time) => time?.slice(0, 10) ?? '');
  for (const id of ['from', 'to']) Object.assign(byId(id), { min: from, max: to, defaultValue: id === 'from' ? from : to, disabled: !data.period });
}

function readFilters() {
  const slot = (id) => (byId(id).value === '' ? null : Number(byId(id).value));
  filter.group = slot('group');
  filter.type = slot('type');
  const action = byId('action').value;
  const number = Number(action.slice(1));
  filter.actions = action === '' ? null
    : action[0] === 'a' ? new Set([number])
      : new Set(data.actions.flatMap((each, at) => (each.package === filter.packages[number] ? [at] : [])));
  const { from, to } = { from: byId('from').value, to: byId('to').value };
  // A bin counts when any of its days is asked for.
  const next = from ? data.bins.findIndex((day) => day > from) : 0;
  filter.first = from ? Math.max(0, (next < 0 ? data.bins.length : next) - 1) : 0;
  filter.last = to ? data.bins.findLastIndex((day) => day <= to) : data.bins.length - 1;
  if (from && data.period && from > data.period[1].slice(0, 10)) filter.first = data.bins.length;
  filter.isBackwards = from !== '' && to !== '' && from > to;
  select();
}

function summary() {
  const { counts } = data;
  const [events, responses, replaced, assigned, done] = ['events', 'responses', 'replaced', 'assigned', 'done'].map((name) => total(counts[name]));
  const [joined, left] = ['MemberAdded', 'MemberRemoved'].map(changesOf).map((changes) => changes.reduce((sum, count) => sum + count, 0));
  const quarantined = data.quarantine.reduce((sum, reason) => sum + total(reason.counts), 0);
  const groups = sumsBy(counts.events, (series) => series[0]);
  const further = groups.delete(data.groups.length) ? data.furtherGroups : 0;
  const number = wholeNumber.format;
  const facts = [
    ['Events', number(events), `${number(total(counts.revisions))} of them edits`],
    ['Groups', number(groups.size + further), 'with events'],
    ['Responses', number(responses), `${number(replaced)} replaced by edits`],
    ['Members', joined === left ? '±0' : `${joined > left ? '+' : '−'}${number(Math.abs(joined - left))}`, `${number(joined)} added, ${number(left)} removed`],
    ['Assignments', number(assigned), `${number(done)} done, ${number(assigned - done)} open`],
    ['Quarantined', number(quarantined), 'not readable as events'],
  ];
  byId('summary').replaceChildren(...facts.map(([name, value, more]) =>
    element('div', {}, element('dt', { textContent: name }), element('dd', {}, value, element('small', { textContent: more })))));
  const bins = selectedBins();
  const period = filter.isBackwards ? 'for the period ends before it begins' : bins.length === 0 ? 'no time'
    : `${unitName(data.unit, bins[0])}${bins.length > 1 ? ` to ${unitName(data.unit, bins[bins.length - 1])}` : ''}`;
  byId('selected').textContent = `Selected: ${plural(events, 'event')}, ${period}.`;
}

function about() {
  const { made, source, filters, items, damaged, version } = data.about;
  const time = (text) => text.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
  byId('about').append(`Made ${time(made)} by kaizala ${version} from `, userText('bdi', source), ` (${plural(items, 'item')})`,
    data.period ? `. Received ${time(data.period[0])} to ${time(data.period[1])}.` : '. There are no events in it.');
  const remarks = filters.map((text) => `Made only of: ${text}.`);
  if (damaged) remarks.push(`${plural(damaged, 'damaged item')} left out.`);
  if (data.unit !== 'day') remarks.push(`The period is long: events are counted by the ${data.unit}, and the filter selects whole ${data.unit}s.`);
  const together = data.actions.reduce((sum, action) => sum + (action.actions ?? 0), 0);
  if (together) remarks.push(`${plural(together, 'action')} with few events are counted together, by package.`);
  if (data.furtherGroups) remarks.push(`${plural(data.furtherGroups, 'group')} with few events are counted together.`);
  if (data.furtherTypes) remarks.push(`${plural(data.furtherTypes, 'event type')} with few events are counted together.`);
  byId('remarks').replaceChildren(...remarks.map((text) => userText('li', text)));
}

about();
fillFilters();
const fixed = FIXED.map(([id, title, parent, shown]) => [new Panel(id, title, byId(parent)), shown]);
const questions = new Questions();

function update() {
  readFilters();
  summary();
  for (const [panel, shown] of fixed) panel.show(shown());
  questions.update();
}

byId('filters').addEventListener('change', update);
byId('filters').addEventListener('submit', (event) => event.preventDefault());
byId('show-all').addEventListener('click', () => {
  byId('filters').reset();
  update();
});
// Colours are the style's.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', update);
update();
