// Elements, and figures as text.

// In the order in which they are counted on the page.
const OUTCOMES = ['stored', 'duplicate', 'revised', 'quarantined', 'refused', 'failed', 'handshake'];

const byId = (id) => document.getElementById(id);
const wholeNumber = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Text that somebody sent: never markup, and in a direction of its own.
function sent(name, text, properties = {}) {
  return element(name, { dir: 'auto', textContent: text, ...properties });
}

function plural(count, one, many = `${one}s`) {
  return `${wholeNumber.format(count)} ${count === 1 ? one : many}`;
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${oneDigit.format(bytes / 1000)} KB` : `${oneDigit.format(bytes / 1e6)} MB`;
}

function latency(milliseconds) {
  if (milliseconds < 0.05) return '< 0.1 ms';
  return `${milliseconds < 100 ? oneDigit.format(milliseconds) : wholeNumber.format(milliseconds)} ms`;
}

// What a delivery is, in a word or two: its event's type, or what was asked for.
function kindOf(delivery) {
  if (delivery.eventType !== null) return delivery.eventType;
  if (delivery.events > 1) return `${wholeNumber.format(delivery.events)} CloudEvents`;
  return delivery.outcomes.quarantined ? 'Not an event' : `${delivery.method} ${delivery.path}`;
}

// Where it belongs; of what has no group, why.
function placeOf(delivery) {
  if (delivery.reason !== null) return delivery.group === null ? delivery.reason : `${delivery.group}: ${delivery.reason}`;
  return delivery.group ?? '';
}

function outcomesOf(delivery) {
  const entries = Object.entries(delivery.outcomes);
  const several = entries.length > 1 || delivery.events > 1;
  const parts = entries.map(([outcome, count]) => element('span', {}, dot(outcome), several ? `${count} ${outcome}` : outcome));
  return element('span', { className: 'outcome' }, ...(parts.length ? parts : [element('span', {}, dot(''), `${delivery.status}`)]));
}

function dot(outcome) {
  const made = element('span', { className: 'dot' });
  made.dataset.outcome = outcome;
  return made;
}
