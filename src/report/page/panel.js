// A panel: title, note, chart, legend, and a table with the same numbers. A list is a panel that has only the table. `show`
// sets the contents.

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Marks an element with text of users, whose direction of writing may differ from the page's.
function userText(name, text, properties = {}) {
  return element(name, { dir: 'auto', textContent: text, ...properties });
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const panels = [];

class Panel {
  constructor(id, title, parent, { over, isList = false } = {}) {
    this.id = id;
    this.title = over ? `${over.text}: ${title}` : title;
    this.heading = element('h3', { id: `${id}-title` }, ...(over ? [userText('span', over.text, { className: 'over', title: over.title }), ' '] : []), userText('span', title, { className: 'title' }));
    this.note = element('p', { className: 'note', dir: 'auto' });
    this.legend = element('ul', { className: 'legend' });
    this.canvas = element('canvas', { id, tabIndex: 0 });
    this.canvas.setAttribute('role', 'img');
    this.drawing = element('div', { className: 'drawing' }, this.canvas);
    this.empty = element('p', { className: 'empty', hidden: true });
    this.spoken = element('p', { className: 'silent' });
    this.spoken.setAttribute('aria-live', 'polite');
    this.listing = new Listing(id, isList ? 'List' : 'Table', this.title, isList);
    this.further = new Listing(`${id}-answers`, 'Answers', this.title);
    this.root = element('article', { className: 'panel' }, this.heading, this.note, this.legend, this.drawing, this.empty,
      this.spoken, this.listing.root, this.further.root);
    this.root.setAttribute('aria-labelledby', this.heading.id);
    this.hidden = new Set();
    this.canvas.addEventListener('click', (event) => this.click(event));
    this.canvas.addEventListener('keydown', (event) => this.key(event));
    this.canvas.addEventListener('blur', () => this.activate(null));
    parent.append(this.root);
    panels.push(this);
  }

  // `shown` has: note, chart (type, labels, datasets with `colour`, options), height, table (columns, rows), further (name,
  // columns, rows), pick (called with the place of a chosen bar), empty (a text to show if there is nothing to draw).
  show(shown) {
    this.shown = shown;
    this.note.textContent = shown.note ?? '';
    this.note.hidden = !shown.note;
    const isEmpty = Boolean(shown.empty);
    this.empty.hidden = !isEmpty;
    this.empty.textContent = shown.empty ?? '';
    this.drawing.hidden = isEmpty || !shown.chart;
    this.listing.root.hidden = isEmpty;
    this.further.root.hidden = isEmpty || !shown.further?.rows.length;
    this.canvas.classList.toggle('picks', Boolean(shown.pick));
    this.spoken.textContent = '';
    if (isEmpty || !shown.chart) {
      this.chart?.destroy();
      this.chart = null;
      this.legend.replaceChildren();
    } else {
      this.draw();
    }
    if (!isEmpty) this.listing.show(shown.table);
    if (!this.further.root.hidden) {
      this.further.summary.textContent = shown.further.name;
      this.further.show(shown.further);
    }
  }

  draw() {
    const { chart, height } = this.shown;
    this.drawing.style.height = `${height ?? 240}px`;
    for (const set of chart.datasets) this.paint(set);
    const { datasets } = chart;
    if (this.chart && this.chart.config.type === chart.type) {
      this.chart.data = { labels: chart.labels, datasets };
      this.chart.options = chart.options();
      this.chart.update('none');
    } else {
      this.chart?.destroy();
      this.chart = new Chart(this.canvas, { type: chart.type, data: { labels: chart.labels, datasets }, options: chart.options() });
    }
    this.chart.resize();
    this.canvas.setAttribute('aria-label', `${this.title}. ${this.shown.spoken ?? ''} The numbers are in the table below; the arrow keys move from value to value${this.shown.pick ? ', Enter filters by one' : ''}.`);
    this.drawLegend();
  }

  paint(set) {
    const paint = colour(set.colour);
    set.hidden = this.hidden.has(set.label);
    set.backgroundColor = set.type === 'line' ? colour('surface') : paint;
    set.borderColor = set.type === 'line' ? paint : colour('surface');
    set.hoverBackgroundColor = set.backgroundColor;
    set.hoverBorderColor = colour('text');
  }

  drawLegend() {
    const sets = this.shown.chart.datasets;
    this.legend.hidden = sets.length < 2;
    const focused = [...this.legend.querySelectorAll('button')].indexOf(document.activeElement);
    this.legend.replaceChildren(...(sets.length < 2 ? [] : sets.map((set) => this.legendEntry(set))));
    this.legend.querySelectorAll('button')[focused]?.focus();
  }

  legendEntry(set) {
    const swatch = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    swatch.setAttribute('viewBox', '0 0 10 10');
    swatch.setAttribute('aria-hidden', 'true');
    const shape = document.createElementNS('http://www.w3.org/2000/svg', set.type === 'line' ? 'circle' : 'rect');
    const size = set.type === 'line' ? { cx: 5, cy: 5, r: 3.6, fill: 'none', 'stroke-width': 2.5, stroke: colour(set.colour) }
      : { width: 10, height: 10, rx: 2, fill: colour(set.colour) };
    for (const [name, value] of Object.entries(size)) shape.setAttribute(name, value);
    swatch.append(shape);
    const button = element('button', { type: 'button', title: [set.title, 'Show or hide'].filter(Boolean).join(' · ') }, swatch, userText('span', set.label));
    button.setAttribute('aria-pressed', String(!this.hidden.has(set.label)));
    button.addEventListener('click', () => {
      if (!this.hidden.delete(set.label)) this.hidden.add(set.label);
      this.draw();
    });
    return element('li', {}, button);
  }

  click(event) {
    if (!this.chart || !this.shown.pick) return;
    const { mode, axis, intersect } = this.chart.options.interaction;
    const [found] = this.chart.getElementsAtEventForMode(event, mode, { axis, intersect }, false);
    if (found) this.shown.pick(found.index);
  }

  key(event) {
    const length = Math.max(...this.shown.chart.datasets.map((set) => set.data.length));
    const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key === 'Escape') {
      this.activate(null);
    } else if (event.key === 'Enter' && this.at != null && this.shown.pick) {
      const { at } = this;
      this.activate(null);
      this.shown.pick(at);
    } else if (event.key in moves) {
      const at = this.at ?? (moves[event.key] > 0 ? -1 : length);
      this.activate(Math.min(length - 1, Math.max(0, at + moves[event.key])));
    } else if (event.key === 'Home' || event.key === 'End') {
      this.activate(event.key === 'Home' ? 0 : length - 1);
    } else {
      return;
    }
    event.preventDefault();
  }

  // Shows the tooltip at a place of the chart and announces it to screen readers. null hides it.
  activate(at) {
    this.at = at;
    if (!this.chart) return;
    const sets = this.shown.chart.datasets.map((set, index) => index)
      .filter((index) => at !== null && this.chart.isDatasetVisible(index) && at < this.shown.chart.datasets[index].data.length);
    const active = sets.map((datasetIndex) => ({ datasetIndex, index: at }));
    this.chart.setActiveElements(active);
    this.chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
    this.chart.update('none');
    const { title = [], body = [] } = this.chart.tooltip;
    this.spoken.textContent = at === null ? '' : [...title, ...body.flatMap((part) => part.lines)].join(', ');
  }
}
