// The list, its counts, the buttons, and the stream that fills them.

const list = byId('list');
let run = null;
// The number of the delivery that is opened.
let opened = null;

function rowOf(delivery) {
  const row = element('button', { type: 'button', className: 'row', tabIndex: -1 },
    element('span', { className: 'time', textContent: clock.format(new Date(delivery.receivedAt)), title: delivery.receivedAt }),
    sent('span', kindOf(delivery), { className: 'type' }),
    outcomesOf(delivery),
    sent('span', placeOf(delivery), { className: 'group' }),
    element('span', { className: 'size', textContent: size(delivery.bytes) }),
    element('span', { className: 'latency', textContent: latency(delivery.milliseconds) }));
  row.dataset.number = delivery.number;
  row.setAttribute('aria-expanded', 'false');
  row.setAttribute('aria-controls', 'detail');
  return row;
}

function take({ run: other, most, counts, deliveries }) {
  if (other !== run) {
    // The command was started again.
    list.replaceChildren();
    close();
    run = other;
  }
  const isFirst = list.children.length === 0;
  for (const delivery of deliveries) list.prepend(element('li', { className: isFirst ? '' : 'new' }, rowOf(delivery)));
  const seen = Number(list.firstChild?.firstChild.dataset.number ?? 0);
  while (list.children.length > most) list.lastChild.remove();
  // One row is reached by Tab, the others by the arrow keys.
  if (!list.querySelector('[tabindex="0"]') && list.firstChild) list.firstChild.firstChild.tabIndex = 0;
  byId('nothing').hidden = list.children.length > 0;
  byId('hint').hidden = list.children.length === 0 || opened !== null;
  byId('forgotten').hidden = seen <= list.children.length;
  byId('forgotten').textContent = `The last ${wholeNumber.format(list.children.length)} of ${wholeNumber.format(seen)} are remembered; the table has all that were stored.`;
  byId('summary').replaceChildren(...OUTCOMES.map((outcome) => {
    const count = counts[outcome] ?? 0;
    const made = element('div', { className: count ? '' : 'none' }, element('dt', {}, dot(outcome), outcome), element('dd', { textContent: wholeNumber.format(count) }));
    made.dataset.outcome = outcome;
    return made;
  }));
}

function rowNumbered(number) {
  return list.querySelector(`[data-number="${number}"]`);
}

async function open(row) {
  const number = row.dataset.number;
  mark(row);
  opened = number;
  const answer = await fetch(`/deliveries/${number}`).catch(() => null);
  // Another one may have been chosen meanwhile.
  if (opened !== number) return;
  if (answer?.ok) {
    const detail = await answer.json();
    if (opened !== number) return;
    byId('detail-title').textContent = kindOf(detail.facts);
    byId('opened').replaceChildren(...contentsOf(detail));
  } else {
    byId('detail-title').textContent = 'It cannot be shown';
    byId('opened').replaceChildren(element('p', { className: 'note', textContent: answer ? await answer.text() : 'kaizala dev does not answer.' }));
  }
  byId('detail').hidden = false;
  byId('hint').hidden = true;
  document.body.classList.add('opened');
  byId('detail').scrollTop = 0;
  byId('detail-title').focus({ preventScroll: true });
}

function close() {
  const row = opened === null ? null : rowNumbered(opened);
  opened = null;
  mark(null);
  byId('detail').hidden = true;
  byId('hint').hidden = list.children.length === 0;
  document.body.classList.remove('opened');
  row?.focus();
}

function mark(row) {
  for (const other of list.querySelectorAll('[aria-expanded="true"]')) other.setAttribute('aria-expanded', 'false');
  row?.setAttribute('aria-expanded', 'true');
}

// Moves the one place in the list that Tab reaches.
function moveTo(row) {
  for (const other of list.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
  row.tabIndex = 0;
  row.focus();
}

async function deliver(button, path, what) {
  button.disabled = true;
  byId('done').textContent = `Delivering ${what} …`;
  const answer = await fetch(path, { method: 'POST' }).catch(() => null);
  button.disabled = false;
  byId('done').textContent = answer?.ok ? `${plural((await answer.json()).deliveries, 'delivery', 'deliveries')} of ${what} made.`
    : `Not delivered: ${answer ? await answer.text() : 'kaizala dev does not answer.'}`;
}

function state(name, text) {
  byId('state').dataset.state = name;
  byId('state').textContent = text;
}

list.addEventListener('click', (event) => {
  const row = event.target.closest('.row');
  if (row) {
    moveTo(row);
    open(row);
  }
});
list.addEventListener('keydown', (event) => {
  const item = event.target.closest('li');
  const next = { ArrowDown: item?.nextSibling, ArrowUp: item?.previousSibling, Home: list.firstChild, End: list.lastChild }[event.key];
  if (!next) return;
  event.preventDefault();
  moveTo(next.firstChild);
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && opened !== null) close();
});
byId('close').addEventListener('click', close);
byId('samples').addEventListener('click', (event) => deliver(event.currentTarget, '/samples', 'sample events'));
byId('burst').addEventListener('click', (event) => deliver(event.currentTarget, '/burst', 'simulated events'));

const webhook = `${location.origin}/webhook`;
byId('webhook').textContent = webhook;
byId('curl').textContent = `curl -i -H "kz-callback-token: $KAIZALA_CALLBACK_TOKEN" \\
  -d '{"eventId":"1","eventType":"TextMessageCreated","objectType":"Group","objectId":"group-1","data":{"text":"Hello"}}' \\
  ${webhook}`;

const stream = new EventSource('/feed');
stream.onopen = () => state('live', 'Live');
// The browser connects again by itself.
stream.onerror = () => state('lost', 'Not connected: is kaizala dev running?');
stream.onmessage = (event) => take(JSON.parse(event.data));
