// The lists of people: who is active, who has not answered, and who has open jobs.

function activePeople() {
  const events = new Map();
  forSelected(data.activity, (series, bin, person, count) => events.set(person, (events.get(person) ?? 0) + count));
  const rows = [...events].sort((one, other) => other[1] - one[1] || one[0] - other[0]);
  const drawn = rows.slice(0, BARS);
  const seen = (person) => data.people[person].slice(2).map((day) => unitName('day', day));
  return {
    ...ranking(drawn.map(([person, count]) => [personCell(person).text, count]), [['Events', 'c0']],
      { unit: 'Events', ids: drawn.map(([person]) => [personCell(person).title, `seen ${seen(person).join(' to ')}`].filter(Boolean).join(', ')) }),
    note: `Events that they have caused, anonymous responses not among them${data.people.length > data.mostActive ? `; of the ${data.mostActive} with the most` : ''}. First and last seen: in the whole report, whatever is selected.`,
    table: { columns: ['Person', 'Events', 'First seen', 'Last seen'], rows: rows.map(([person, count]) => [personCell(person), count, ...seen(person)]) },
    empty: rows.length ? '' : 'No events of anybody known in this selection.',
  };
}

function silentPeople() {
  const selected = data.known.filter(([action, group]) => data.actions[action].kind === 'card'
    && (!filter.actions || filter.actions.has(action)) && (!filter.group || filter.group.has(group)));
  const rows = selected.flatMap(([action, group, , silent]) => silent.map((person) => [personCell(person), actionCell(action), groupCell(group)]));
  const missing = selected.reduce((sum, [, , , , count]) => sum + count, 0);
  return {
    table: { columns: ['Person', 'Card', 'Group'], rows },
    note: `Of the people whom the completion of cards counts, in the whole period${rows.length < missing ? `: ${wholeNumber.format(rows.length)} of ${wholeNumber.format(missing)} are listed; choose an action to see more of it` : ''}.`,
    empty: rows.length ? '' : missing ? 'They are too many to be listed in this report.' : 'Nobody known has left a card of this selection unanswered.',
  };
}

function openJobs() {
  const open = data.openJobs.filter(([series, bin]) => isSelected(series, bin));
  const utc = (time) => Date.parse(`${time}Z`);
  const end = utc(data.period?.[1]);
  const state = (due, isLate) => {
    if (!due) return 'No due time';
    const days = Math.floor(Math.abs(end - utc(due)) / 864e5);
    return isLate ? (days ? `${plural(days, 'day')} overdue` : 'Overdue today') : days ? `Due in ${plural(days, 'day')}` : 'Due today';
  };
  // A job whose events are counted together with others says itself what it is called.
  const job = (series, id, title) => (id ? { text: title || id, title: title ? id : '' } : actionCell(data.series[series][2]));
  const rows = open.map(([series, , person, due, isLate, id, title]) => [
    job(series, id, title), personCell(person), state(due, isLate), due ? unitName('day', due.slice(0, 10)) : null, groupCell(data.series[series][0])]);
  const [all, done] = ['assigned', 'done'].map((name) => total(data.counts[name]));
  const late = total(data.counts.late);
  return {
    table: { columns: ['Job', 'Assignee', 'State', 'Due', 'Group'], rows },
    note: `As they stood at the last event: ${wholeNumber.format(late)} of ${plural(all - done, 'open assignment')} overdue${rows.length < all - done ? `; ${wholeNumber.format(rows.length)} are listed` : ''}.`,
    empty: rows.length ? '' : all - done ? 'None of the listed assignments is in this selection.' : 'No open jobs in this selection.',
  };
}
