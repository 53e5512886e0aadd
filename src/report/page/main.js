// Builds the page: filters, summary, panels.

const byId = (id) => document.getElementById(id);

const FIXED = [
  ['events-by-type', `Events per ${data.unit}, by type`, 'activity', eventsByType],
  ['events-by-group', `Events per ${data.unit}, by group`, 'activity', eventsByGroup],
  ['responses', 'Responses per action', 'actions', responsesByAction],
  ['completion', 'Completion per action', 'actions', completionByAction],
  ['people', 'Most active people', 'people-panels', activePeople],
  ['silent', 'Who has not answered', 'people-panels', silentPeople, { isList: true }],
  ['open-jobs', 'Open jobs, overdue first', 'people-panels', openJobs, { isList: true }],
  ['jobs', 'Jobs: open and done', 'others', jobs],
  ['membership', 'Membership', 'others', membership],
  ['quarantine', 'Quarantine', 'others', quarantine],
];
if (data.counts.cloudEvents.list.length) FIXED.push(['cloud-events', 'CloudEvents by type and source', 'activity', cloudEvents, { isList: true }]);

function prepareFilters() {
  const days = (data.period ?? ['', '']).map((time) => time.slice(0, 10));
  const [from, to] = data.period && isOfClock(data.unit) ? [data.bins[0], data.bins[data.bins.length - 1]] : days;
  for (const id of ['from', 'to']) {
    if (data.period && isOfClock(data.unit)) Object.assign(byId(id), { type: 'datetime-local', step: { second: 1, minute: 60, hour: 3600 }[data.unit] });
    Object.assign(byId(id), { min: from, max: to, defaultValue: id === 'from' ? from : to, disabled: !data.period });
  }
  // On a phone, open filters would fill the whole screen.
  const isNarrow = matchMedia('(max-width: 40rem)');
  const fold = () => { byId('fold').open = !isNarrow.matches; };
  isNarrow.addEventListener('change', fold);
  fold();
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
    ['Change in members', joined === left ? '±0' : `${joined > left ? '+' : '−'}${number(Math.abs(joined - left))}`, `${number(joined)} added, ${number(left)} removed`],
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
  const { made, source, filters, zone, isRedacted, items, damaged, version } = data.about;
  const time = (text) => `${text.replace('T', ' ')} ${zone}`;
  byId('about').append(`Made ${time(made)} by kaizala ${version} from `, userText('bdi', source), ` (${plural(items, 'item')})`,
    data.period ? `. Received ${time(data.period[0])} to ${time(data.period[1])}.` : '. There are no events in it.');
  const remarks = filters.map((text) => `Made only of: ${text}.`);
  if (isRedacted) remarks.push('Phone numbers and names are replaced by hashes.');
  if (damaged) remarks.push(`${plural(damaged, 'damaged item')} left out.`);
  if (data.unit !== 'day' && !isOfClock(data.unit)) remarks.push(`The period is long: events are counted by the ${data.unit}, and the filter selects whole ${data.unit}s.`);
  const together = data.actions.reduce((sum, action) => sum + (action.actions ?? 0), 0);
  if (together) remarks.push(`${plural(together, 'action')} with few events are counted together, by package.`);
  if (data.furtherGroups) remarks.push(`${plural(data.furtherGroups, 'group')} with few events are counted together.`);
  if (data.furtherTypes) remarks.push(`${plural(data.furtherTypes, 'event type')} with few events are counted together.`);
  byId('zone').textContent = zone === 'UTC' ? 'Times are UTC.' : `Times are those of ${zone}.`;
  byId('remarks').replaceChildren(...remarks.map((text) => userText('li', text)));
}

about();
prepareFilters();
const fixed = FIXED.map(([id, title, parent, shown, kind]) => [new Panel(id, title, byId(parent), kind), shown]);
const questions = new Questions();

function update() {
  readFilters();
  summary();
  for (const [panel, shown] of fixed) panel.show(shown());
  questions.update();
  writeFragment();
}

byId('filters').addEventListener('change', update);
byId('skip').addEventListener('click', (event) => {
  // The fragment of the URL belongs to the filters, so the link does not change it.
  event.preventDefault();
  byId('charts').focus();
  byId('charts').scrollIntoView();
});
window.addEventListener('hashchange', () => {
  readFragment();
  update();
});
byId('filters').addEventListener('submit', (event) => event.preventDefault());
byId('show-all').addEventListener('click', () => {
  resetFilters();
  update();
});
// Charts take their colours from the style sheet, so they are drawn again when light changes to dark.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', update);
readFragment();
update();
