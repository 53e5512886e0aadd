// The charts that every report has, made from the selected counts.

Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.font.family = 'system-ui, sans-serif';
Chart.defaults.plugins.legend.display = false;

const COLOURS = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'];
const REST = 'c6';
const BARS = 15;
const NOTHING = 'No events in this selection.';

function axis(title, more = {}) {
  const { ticks = {}, grid = {}, ...rest } = more;
  return {
    title: { display: Boolean(title), text: title, color: colour('quiet') },
    ticks: { color: colour('quiet'), maxRotation: 0, autoSkipPadding: 14, ...ticks },
    grid: { color: colour('grid'), drawTicks: false, ...grid },
    border: { color: colour('line') },
    ...rest,
  };
}

function countAxis(title, more = {}) {
  return axis(title, { beginAtZero: true, ...more, ticks: { precision: 0, callback: (value) => compact.format(value), ...more.ticks } });
}

function tooltip(more = {}) {
  return {
    backgroundColor: colour('text'), titleColor: colour('page'), bodyColor: colour('page'), footerColor: colour('page'), footerFont: { weight: 'normal' }, padding: 8, boxPadding: 4,
    filter: (item) => item.raw !== 0 || item.chart.data.datasets.length === 1, ...more,
  };
}

const stackedBar = { borderWidth: { top: 1 }, borderSkipped: false, maxBarThickness: 48, categoryPercentage: 0.86, barPercentage: 0.96 };

function timeColumn() {
  return { second: 'Second', minute: 'Minute', hour: 'Hour', day: 'Day' }[data.unit] ?? `First day of the ${data.unit}`;
}

// The label of a bar: beside the bar, or inside it if there is not enough room.
const barTexts = {
  id: 'barTexts',
  afterDatasetsDraw(chart, args, { texts }) {
    if (!texts) return;
    const { ctx, chartArea } = chart;
    ctx.save();
    ctx.font = '12px system-ui, sans-serif';
    ctx.textBaseline = 'middle';
    texts.forEach((text, at) => {
      const bar = chart.data.datasets.map((set, index) => (set.data[at] !== null && chart.isDatasetVisible(index) ? chart.getDatasetMeta(index).data[at] : null)).find(Boolean);
      if (!bar) return;
      const isBeside = bar.x + 8 + ctx.measureText(text).width < chartArea.right;
      ctx.fillStyle = colour(isBeside ? 'text' : 'surface');
      ctx.textAlign = isBeside ? 'left' : 'right';
      ctx.fillText(text, bar.x + (isBeside ? 6 : -6), bar.y);
    });
    ctx.restore();
  },
};
Chart.register(barTexts);

// Bars over the selected bins of time; `sets` are [label, colour, numbers].
function overTime(sets, more = {}) {
  const bins = selectedBins();
  const labels = bins.map((day) => unitName(data.unit, day));
  // Gaps between many narrow bars would take most of their colour.
  const width = bins.length > 60 ? { categoryPercentage: 1, barPercentage: 1 } : {};
  return {
    pick: (at) => narrow({ first: filter.first + at }),
    chart: {
      type: 'bar',
      labels,
      datasets: sets.map(([label, paint, numbers, extra = {}]) => ({ label, colour: paint, data: numbers, ...stackedBar, ...width, ...extra })),
      options: () => ({
        interaction: { mode: 'index', intersect: false },
        scales: {
          x: axis('', { stacked: true, grid: { display: false } }),
          y: countAxis(more.unit ?? 'Events', { stacked: true }),
        },
        plugins: { tooltip: tooltip({ callbacks: { label: (item) => ` ${isolated(item.dataset.label)}: ${wholeNumber.format(item.raw)}` } }) },
      }),
    },
    table: {
      columns: [timeColumn(), ...sets.map(([label]) => label)],
      rows: bins.map((day, at) => [day, ...sets.map(([, , numbers]) => numbers[at])]),
    },
  };
}

// Horizontal bars; `bars` are [label, numbers…], one number for each of `sets`, which are [label, colour].
function ranking(bars, sets, { unit, format = (number) => wholeNumber.format(number), max, stacked = true, texts, ids = [], pick }) {
  return {
    pick,
    height: 64 + Math.max(2, bars.length) * 26,
    chart: {
      type: 'bar',
      labels: bars.map(([label]) => label),
      datasets: sets.map(([label, paint], at) => ({ label, colour: paint, data: bars.map((bar) => bar[at + 1]), maxBarThickness: 22,
        borderWidth: { right: 1 }, borderSkipped: false, categoryPercentage: 0.9, barPercentage: 0.86 })),
      options: () => ({
        indexAxis: 'y',
        interaction: { mode: 'index', axis: 'y', intersect: false },
        scales: {
          x: countAxis(unit, { stacked, max, ticks: { callback: (value) => (max ? format(value) : compact.format(value)) } }),
          y: axis('', { stacked, grid: { display: false }, ticks: { autoSkip: false, color: colour('text'), callback(value) {
            return isolated(shortened(this.getLabelForValue(value), this.chart.width < 420 ? 15 : 24));
          } } }),
        },
        plugins: { barTexts: { texts }, tooltip: tooltip({ callbacks: {
          footer: (items) => items.slice(0, 1).map((item) => ids[item.dataIndex] ?? '').filter(Boolean),
          title: (items) => items.map((item) => isolated(shortened(item.label, 60))).slice(0, 1),
          label: (item) => ` ${isolated(item.dataset.label)}: ${item.raw === null ? '–' : format(item.raw)}`,
        } }) },
      }),
    },
  };
}

// The most frequent names of the whole report have colours of their own, so that a selection does not change colours.
function ranked(slots) {
  const own = slots.slice(0, COLOURS.length);
  return { own, rest: slots.slice(COLOURS.length) };
}

function stackBy(counts, slots, key, { name, id = () => '', rest }) {
  const sums = sumsByBin(counts, key);
  const { own, rest: others } = ranked(slots);
  const sets = own.filter((slot) => sums.has(slot)).map((slot) => [name(slot), COLOURS[own.indexOf(slot)], sums.get(slot), { title: id(slot) }]);
  const further = others.filter((slot) => sums.has(slot));
  if (further.length === 1) {
    sets.push([name(further[0]), REST, sums.get(further[0]), { title: id(further[0]) }]);
  } else if (further.length > 1) {
    const numbers = selectedBins().map((day, at) => further.reduce((sum, slot) => sum + sums.get(slot)[at], 0));
    sets.push([rest(further.length), REST, numbers]);
  }
  const shown = overTime(sets);
  // The chart has room for some; the table shows all.
  const columns = slots.filter((slot) => sums.has(slot));
  shown.table = { columns: [shown.table.columns[0], ...columns.map((slot) => ({ text: name(slot), title: id(slot) }))],
    rows: selectedBins().map((day, at) => [day, ...columns.map((slot) => sums.get(slot)[at])]) };
  return { ...shown, empty: sets.length ? '' : NOTHING };
}

function slotsUpTo(names, further) {
  return names.map((name, slot) => slot).concat(further > 0 ? [names.length] : []);
}

function cloudEvents() {
  const sums = sumsBy(data.counts.cloudEvents, ([group, type]) => `${type} ${group}`);
  const places = [...sums].map(([key, count]) => [...key.split(' ').map(Number), count]).sort((a, b) => b[2] - a[2]);
  const rows = places.map(([type, group, count]) => [typeName(type), groupName(group), count]);
  return { table: { columns: ['Type', 'Source', 'Events'], rows }, empty: rows.length ? '' : NOTHING };
}

function eventsByType() {
  return stackBy(data.counts.events, slotsUpTo(data.types, data.furtherTypes), (series) => series[1],
    { name: typeName, rest: (count) => `${count} other types` });
}

function eventsByGroup() {
  return stackBy(data.counts.events, slotsUpTo(data.groups, data.furtherGroups), (series) => series[0],
    { name: groupName, id: (slot) => groupCell(slot).title, rest: (count) => `${count} other groups` });
}

function responsesByAction() {
  const responses = sumsBy(data.counts.responses, (series) => series[2]);
  const replaced = sumsBy(data.counts.replaced, (series) => series[2]);
  const slots = [...new Set([...responses.keys(), ...replaced.keys()])];
  const numbers = (slot) => [responses.get(slot) ?? 0, replaced.get(slot) ?? 0];
  slots.sort((one, other) => numbers(other)[0] - numbers(one)[0] || one - other);
  const single = slots.filter((slot) => data.actions[slot].id);
  const drawn = single.slice(0, BARS);
  const bars = drawn.map((slot) => [actionLabel(slot), ...numbers(slot)]);
  const hidden = slots.length - bars.length;
  return {
    ...ranking(bars, [['Responses', 'c0'], ['Replaced by an edit', REST]], { unit: 'Responses', ...actionBars(drawn) }),
    note: `Responses count once, in their newest version; every answer to a job counts.${hidden > 0 ? ` The ${bars.length} most answered; the table has all.` : ''}`,
    table: { columns: ['Action', 'Responses', 'Replaced by an edit', 'Package'], rows: slots.map((slot) => [actionCell(slot), ...numbers(slot), data.actions[slot].package ?? '–']) },
    empty: bars.length ? '' : slots.length ? 'Only actions that are counted together are in this selection.' : 'No responses in this selection.',
  };
}

// The labels of bars that stand for actions, and what a click on them selects.
function actionBars(slots) {
  return { ids: slots.map((slot) => data.actions[slot].id), pick: (at) => narrow({ action: actionValue(slots[at]) }) };
}

function completionByAction() {
  const [people, done, assigned] = ['people', 'done', 'assigned'].map((name) => sumsBy(data.counts[name], (series) => series[2]));
  const groups = new Map();
  data.series.forEach(([group, , action], at) => {
    if (passes[at]) groups.set(action, (groups.get(action) ?? new Set()).add(group));
  });
  const known = (slot) => data.known.reduce((sum, [action, group, count]) => (action === slot && groups.get(slot)?.has(group) ? sum + count : sum), 0);
  const rows = [];
  for (const [slot, count] of people) if (data.actions[slot].kind === 'card') rows.push([slot, 'Card', count, known(slot)]);
  for (const [slot, count] of assigned) if (data.actions[slot].kind === 'job') rows.push([slot, 'Job', done.get(slot) ?? 0, count]);
  const part = ([, , of, all]) => (all > 0 ? of / all : 0);
  rows.sort((one, other) => part(one) - part(other) || other[3] - one[3] || one[0] - other[0]);
  const of = (kind) => rows.filter((row) => row[1] === kind && row[3] > 0);
  // Cards come before jobs, which are many and have few responses each.
  const cards = of('Card').slice(0, 10);
  const worst = new Set([...cards, ...of('Job').slice(0, BARS - cards.length)]);
  const drawn = rows.filter((row) => worst.has(row));
  const bars = drawn.map((row) => [actionLabel(row[0]), ...(row[1] === 'Card' ? [part(row), null] : [null, part(row)])]);
  const sets = [['Cards: people', 'c0'], ['Jobs: assignments', 'c2']];
  const said = ([, , of, all]) => `${wholeNumber.format(of)} of ${wholeNumber.format(all)}, ${share(of, all)}`;
  return {
    ...ranking(bars, sets, { unit: 'Share', format: (number) => percentage.format(number), max: 1, texts: drawn.map(said), ...actionBars(drawn.map(([slot]) => slot)) }),
    note: `Worst first${drawn.length < rows.length ? `: ${drawn.length} of ${rows.length} with the smallest share; the table has all` : ''}. Of a card: who has answered it, of the people in the group while it was answered, as far as events show them: who joined, answered or was assigned a job, and has not left. Anonymous responses do not count. Of a job: assignments done, of all.`,
    table: { columns: ['Action', 'Kind', 'Answered or done', 'Of', 'Share'], rows: rows.map((row) => [actionCell(row[0]), row[1], row[2], row[3], share(row[2], row[3])]) },
    empty: drawn.length ? '' : 'No responses or jobs in this selection.',
  };
}

function jobs() {
  const [assigned, done, late] = ['assigned', 'done', 'late'].map((name) => byBin(data.counts[name]));
  const open = assigned.map((count, at) => count - done[at] - late[at]);
  const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
  return {
    ...overTime([['Done', 'c2', done], ['Open', 'c1', open], ['Open and past due', 'c3', late]], { unit: 'Assignments' }),
    note: `By the ${data.unit} of assignment, as they stood at the last event: ${wholeNumber.format(sum(done))} of ${plural(sum(assigned), 'assignment')} done.`,
    empty: sum(assigned) ? '' : 'No jobs in this selection.',
  };
}

// How many events of a type each selected bin has. Edits are not counted.
function changesOf(type) {
  const of = (counts) => sumsByBin(counts, (series) => data.types[series[1]]).get(type);
  const [events, edits] = [of(data.counts.events), of(data.counts.revisions)];
  return selectedBins().map((day, at) => (events?.[at] ?? 0) - (edits?.[at] ?? 0));
}

function membership() {
  const [added, removed] = ['MemberAdded', 'MemberRemoved'].map(changesOf);
  let balance = 0;
  const net = added.map((count, at) => (balance += count - removed[at]));
  const shown = overTime([
    ['Change since the beginning', 'c3', net, { type: 'line', stack: 'net', borderWidth: 2, pointRadius: net.length > 60 ? 0 : 3, order: 0, tension: 0 }],
    ['Added', 'c2', added, { order: 1 }],
    ['Removed', 'c4', removed.map((count) => -count || 0), { order: 1 }],
  ], { unit: 'Members' });
  shown.table.rows = shown.table.rows.map(([day, change, joined], at) => [day, change, joined, removed[at]]);
  return { ...shown, note: 'How many were in a group before the first event is not known: the line begins at 0.', empty: added.some(Boolean) || removed.some(Boolean) ? '' : 'Nobody joined or left in this selection.' };
}

function quarantine() {
  const sets = data.quarantine.map(({ reason, counts }, at) => [reason, COLOURS[at] ?? REST, byBin(counts)]);
  const some = sets.filter(([, , numbers]) => numbers.some(Boolean));
  return { ...overTime(some, { unit: 'Bodies' }), note: 'Bodies that could not be read as an event, by reason. They belong to no group, type or action.', empty: some.length ? '' : data.quarantine.length ? 'Nothing quarantined in this selection.' : 'Nothing was quarantined.' };
}
