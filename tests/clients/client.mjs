// Sends CloudEvents with the official SDK: node client.mjs URL, the token from KAIZALA_CALLBACK_TOKEN.
//
// Prints a line for each delivery: the event's id and the answer.
import { CloudEvent, HTTP } from 'cloudevents';

const [url] = process.argv.slice(2);
const token = process.env.KAIZALA_CALLBACK_TOKEN;

// In binary mode this SDK does not encode headers: text beyond Latin-1 does not get as far as the wire.
const subjects = { structured: '50% "ja" €', binary: '50% "ja" ü' };
const contents = {
  json: { datacontenttype: 'application/json', data: { n: 1, s: 'grün' } },
  text: { datacontenttype: 'text/plain', data: 'zwei Zeilen\nüber "nichts"' },
  none: {},
};

for (const mode of ['structured', 'binary']) {
  for (const [name, content] of Object.entries(contents)) {
    const event = new CloudEvent({
      id: `js-${name}-${mode}`, source: '/sdk/javascript', type: 'org.example.ping', time: '2026-01-02T03:04:05.678Z',
      subject: subjects[mode], tenant: 'north', ...content,
    });
    const { headers, body } = HTTP[mode](event);
    // Once with each of the two headers that hold a token.
    for (const credential of [{ 'kz-callback-token': token }, { authorization: `Bearer ${token}` }]) {
      const answer = await fetch(url, { method: 'POST', headers: { ...headers, ...credential }, body });
      console.log(event.id, answer.ok ? (await answer.json()).outcome : answer.status);
    }
  }
}
