// Open streams of the shop's chat: closed with the reason when the session stops.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './harness.mjs';
import { left, press, shown, signIn, standing } from './person.mjs';
import { stage } from './stage.mjs';

const { demo, context: contextWith } = stage();

/** Keeps what every WebSocket and EventSource of the page was told at its end. */
async function watched(context) {
  await context.addInitScript(() => {
    const told = [];
    Reflect.set(window, 'told', told);
    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket {
      constructor(...args) {
        super(...args);
        this.addEventListener('close', ({ code, reason }) => told.push({ code, reason }));
      }
    };
    const Source = window.EventSource;
    window.EventSource = class extends Source {
      constructor(...args) {
        super(...args);
        this.addEventListener('tenure', ({ data }) => told.push(JSON.parse(data)));
      }
    };
  });
}

const told = (page) => page.evaluate(() => Reflect.get(window, 'told'));
const firstTold = (page) => until('the stream is told', async () => (await told(page))[0], 20_000);
const connected = (page) => page.locator('#chat[data-connected=yes]').waitFor();

test('a WebSocket is closed with 4401 and the reason when the session locks, and until then it is no activity', async () => {
  const gateway = await demo({ idle: '5s' });
  const context = await contextWith();
  await watched(context);
  const page = await context.newPage();
  await signIn(page, gateway, '/chat?over=ws');
  await connected(page);
  assert.deepEqual(await firstTold(page), { code: 4401, reason: 'idle' });
  assert.equal((await standing(context, gateway)).state, 'locked');
  await shown(page, 'locked because you were away');
});

test('an event stream is told the state and the reason when the session locks', async () => {
  const gateway = await demo({ idle: '5s' });
  const context = await contextWith();
  await watched(context);
  const page = await context.newPage();
  await signIn(page, gateway, '/chat');
  await connected(page);
  await left(context, gateway);
  assert.deepEqual(await firstTold(page), { state: 'locked', reason: 'idle' });
});

test('signing out in one tab closes the streams of the others at once', async () => {
  const gateway = await demo({ idle: '2m' });
  const context = await contextWith();
  await watched(context);
  const [chat, socket, other] = [await context.newPage(), await context.newPage(), await context.newPage()];
  await signIn(chat, gateway, '/chat');
  await socket.goto(`${gateway.url}/chat?over=ws`);
  await other.goto(`${gateway.url}/catalogue`);
  await Promise.all([chat, socket].map(connected));
  const began = Date.now();
  await Promise.all([firstTold(chat), firstTold(socket), press(other, 'Sign out')]);
  assert.ok(Date.now() - began < 3000, `${Date.now() - began} ms`);
  assert.deepEqual((await told(chat))[0], { state: 'ended', reason: 'signed_out' });
  assert.deepEqual((await told(socket))[0], { code: 4401, reason: 'signed_out' });
});

for (const [name, place] of [['events', '/chat'], ['a WebSocket', '/chat?over=ws']]) {
  test(`the harbour desk answers word by word over ${name}, through the gateway`, async () => {
    const gateway = await demo({ idle: '2m' });
    const page = await (await contextWith()).newPage();
    await signIn(page, gateway, place);
    await connected(page);
    await page.getByLabel('Your message').fill('is the tide out');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('#talk .theirs p').filter({ hasText: /\w+ \w+/ }).waitFor();
  });
}
