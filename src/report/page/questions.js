// A panel for each question, with the kind of chart that suits its answers.

const FIRST = 12;
// How many texts the chart shows. The table has some more.
const TEXTS = 8;

function barsOf(question) {
  const bars = new Map();
  forSelected(question.bars, (series, bin, bar, count) => bars.set(bar, (bars.get(bar) ?? 0) + count));
  return bars;
}

function answeredOf(question) {
  const sum = { answered: 0, skipped: 0, total: 0 };
  forSelected(question.answered, (series, bin, answered, skipped, at) => {
    sum.answered += answered;
    sum.skipped += skipped;
    sum.total += question.sums[at] ?? 0;
  });
  return sum;
}

function showQuestion(question) {
  const { answered, skipped, total: sum } = answeredOf(question);
  const bars = barsOf(question);
  const drawn = CHARTS[question.chart.kind](question, bars, { answered, skipped, sum });
  const parts = [question.type, `${wholeNumber.format(answered)} answered, ${wholeNumber.format(skipped)} not`, drawn.remark, question.package];
  return { ...drawn, further: furtherOf(question), note: parts.filter(Boolean).join(' · '), empty: drawn.empty || (answered + skipped === 0 ? 'No answers in this selection.' : '') };
}

const CHARTS = {
  options: (question, bars, { answered }) => choiceBars(question, bars, answered, 'Other options'),

  texts(question, bars, { answered }) {
    const shown = choiceBars(question, bars, answered, 'All other answers');
    const { rows } = shown.table;
    const listed = rows.slice(0, question.chart.labels.length).filter((row) => row[1] > 0).sort((one, other) => other[1] - one[1]);
    const drawn = listed.slice(0, TEXTS);
    const others = [...bars.values()].reduce((sum, count) => sum + count, 0) - drawn.reduce((sum, row) => sum + row[1], 0);
    return {
      ...ranking(drawn, [['Answers', 'c0']], { unit: 'Answers' }),
      table: { ...shown.table, rows: [...listed, ...rows.slice(question.chart.labels.length)] },
      remark: `the most frequent texts${others ? `, and ${plural(others, 'other answer')}` : ''}`,
      empty: drawn.length || !others ? '' : 'Every text in this selection is rare, and not shown one by one.',
    };
  },

  answered: (question, bars, { answered, skipped }) => {
    const words = wordsOf(question);
    if (words) return words;
    const rows = [['Answered', answered], ['Not answered', skipped]];
    return { ...ranking(rows, [['Responses', 'c0']], { unit: 'Responses' }), table: { columns: ['', 'Responses'], rows } };
  },

  numbers(question, bars, { sum }) {
    const { start, step, count, isWhole } = question.chart;
    const at = (steps) => someDigits.format(Number((start + steps * step).toPrecision(12)));
    const labels = [`under ${at(0)}`];
    for (let steps = 0; steps < count; steps += 1) labels.push(isWhole ? at(steps) : `${at(steps)} – ${at(steps + 1)}`);
    labels.push(isWhole ? `over ${at(count - 1)}` : `${at(count)} and more`);
    const ticks = labels.map((label, bar) => (bar === 0 ? '<' : bar > count ? '>' : at(bar - 1)));
    let rows = labels.map((label, bar) => [label, bars.get(bar) ?? 0, ticks[bar]]);
    // The axis leaves out values far from all others, since they would leave no room for these. The table has them.
    const outside = ['below', 'above'].map((side, at) => [at ? count + 1 : 0, side]).filter(([bar]) => bars.get(bar));
    const drawn = rows.slice(1, count + 1);
    rows = rows.filter((row, bar) => (bar > 0 && bar <= count) || bars.get(bar));
    const others = bars.get(question.others) ?? 0;
    const numbers = rows.reduce((total, row) => total + row[1], 0);
    return {
      ...histogram(drawn, 'Answer'),
      table: { columns: ['Answer', 'Answers'], rows: rows.map(([label, number]) => [label, number]) },
      remark: [numbers > 0 ? `mean ${someDigits.format(sum / numbers)}` : '', quartiles(question, numbers),
        ...outside.map(([bar, side]) => `${plural(bars.get(bar), 'outlier')} ${side} the axis`), others ? `${plural(others, 'answer')} that ${others === 1 ? 'is' : 'are'} no number` : ''].filter(Boolean).join(' · '),
    };
  },

  times(question, bars) {
    const { labels, unit } = question.chart;
    const rows = labels.map((day, bar) => [unitName(unit, day), bars.get(bar) ?? 0]);
    const others = bars.get(question.others) ?? 0;
    return { ...histogram(rows, `Answer, by ${unit}`), remark: others ? `${plural(others, 'answer')} outside` : '' };
  },

  places(question, bars) {
    const places = samplesOf(question);
    const all = bars.get(0) ?? 0;
    return {
      ...mapOf(places),
      table: { columns: ['Place', 'Latitude', 'Longitude'], rows: places.map(([, , y, x, name]) => [name ?? '–', String(y), String(x)]) },
      remark: places.length < all ? `${wholeNumber.format(places.length)} of ${plural(all, 'place')} drawn` : plural(all, 'place'),
      empty: places.length ? '' : all ? 'Of the places that are drawn, none is in this selection.' : 'No places in this selection.',
    };
  },
};

function choiceBars(question, bars, answered, rest) {
  const { labels } = question.chart;
  const rows = labels.map((label, bar) => [label || '(empty)', bars.get(bar) ?? 0]);
  const others = bars.get(question.others) ?? 0;
  if (others) rows.push([rest, others]);
  return {
    ...ranking(rows, [['Answers', 'c0']], { unit: 'Answers' }),
    table: { columns: ['Answer', 'Count', 'Of those who answered'], rows: rows.map(([label, count]) => [label, count, share(count, answered)]) },
  };
}

function histogram(rows, title) {
  return {
    chart: {
      type: 'bar',
      labels: rows.map(([label]) => label),
      datasets: [{ label: 'Answers', colour: 'c0', data: rows.map(([, count]) => count), categoryPercentage: 1, barPercentage: 0.96, maxBarThickness: 64 }],
      options: () => ({
        interaction: { mode: 'index', intersect: false },
        scales: {
          x: axis(title, { grid: { display: false }, ticks: { callback: (value) => rows[value][2] ?? rows[value][0] } }),
          y: countAxis('Answers'),
        },
        plugins: { tooltip: tooltip({ callbacks: { label: (item) => ` Answers: ${wholeNumber.format(item.raw)}` } }) },
      }),
    },
    table: { columns: [title, 'Answers'], rows: rows.map(([label, count]) => [label, count]) },
  };
}

// Shows the first questions of the selected actions, or all of them.
class Questions {
  constructor() {
    this.grid = document.getElementById('questions');
    this.note = document.getElementById('questions-note');
    this.more = document.getElementById('more');
    this.panels = new Map();
    this.isAll = false;
    this.more.addEventListener('click', () => {
      const next = this.listed[FIRST];
      this.isAll = true;
      this.update();
      this.panels.get(next).canvas.focus();
    });
  }

  update() {
    this.listed = data.questions.filter((question) => {
      const { answered, skipped } = answeredOf(question);
      return answered + skipped > 0;
    });
    const shown = this.isAll ? this.listed : this.listed.slice(0, FIRST);
    for (const [question, panel] of this.panels) panel.root.hidden = !shown.includes(question);
    for (const question of shown) this.panel(question).show(showQuestion(question));
    this.more.hidden = shown.length === this.listed.length;
    this.more.textContent = `Show ${plural(this.listed.length - shown.length, 'more question')}`;
    const further = data.furtherQuestions ? ` ${plural(data.furtherQuestions, 'question')} with few answers ${data.furtherQuestions === 1 ? 'is' : 'are'} not drawn.` : '';
    this.note.textContent = this.listed.length === 0 ? `No answers in this selection.${further}`
      : `Answers of the newest version of every response. Questions of the same package, place, title and type are one.${further}`;
  }

  panel(question) {
    if (!this.panels.has(question)) {
      const panel = new Panel(`question-${data.questions.indexOf(question)}`, questionTitle(question), this.grid, { over: cardOf(question) });
      // Panels stand in the order of the data, in whatever order they are made.
      const after = data.questions.slice(data.questions.indexOf(question) + 1).find((other) => this.panels.has(other));
      if (after) this.grid.insertBefore(panel.root, this.panels.get(after).root);
      this.panels.set(question, panel);
    }
    return this.panels.get(question);
  }
}
