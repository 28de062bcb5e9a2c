// Calls and streams that meet a lock: they wait and go on, each once. The numbers are those of the scenarios that the
// client promises.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './harness.mjs';
import { dialog, left, shown, signIn, unlockInPlace } from './person.mjs';
import { LOCKED, unlockStage } from './unlock_stage.mjs';

const { demo, contextWith, opened } = unlockStage();

test('17: ten calls meet the lock: one dialog, ten answers, in order, each at the application once', async () => {
  const { app, gateway, page } = await opened();
  await shown(page, LOCKED);
  await page.evaluate(() => {
    const calls = Array.from({ length: 10 }, (_, n) => (n % 2
      ? fetch(`/api/${n}`, { method: 'POST', body: `call ${n}` }).then((answer) => answer.json())
      : new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open(n % 4 ? 'PUT' : 'POST', `/api/${n}`);
        request.responseType = 'json';
        request.setRequestHeader('x-number', String(n));
        request.onload = () => resolve(request.response);
        request.send(`call ${n}`);
      })));
    Reflect.set(window, 'calls', Promise.all(calls));
  });
  assert.equal(await dialog(page).count(), 1);
  await page.waitForFunction(() => Reflect.get(window, Symbol.for('tenure')).part.queue.waiting.size === 10);
  assert.deepEqual(app.reached('/api'), []);
  await unlockInPlace(page, gateway);
  const answers = await page.evaluate(() => Reflect.get(window, 'calls'));
  assert.deepEqual(app.reached('/api').map((entry) => entry.path), Array.from({ length: 10 }, (_, n) => `/api/${n}`));
  assert.deepEqual(app.reached('/api').map((entry) => entry.body), Array.from({ length: 10 }, (_, n) => `call ${n}`));
  assert.deepEqual(answers.map(({ number }) => number), [...answers.keys()].map((n) => answers[0].number + n));
  assert.equal(app.reached('/api/4')[0].headers['x-number'], '4');
  assert.equal(await dialog(page).count(), 0);
});

test('17: calls that meet the lock before the page knows of it wait too', async () => {
  const { app, gateway, context, page } = await opened({ idle: '4s' });
  await page.evaluate(() => {
    // The page's own reckoning stands still, as in a tab that the browser slowed down.
    Reflect.get(window, Symbol.for('tenure')).refresh = () => {};
    clearTimeout(Reflect.get(window, Symbol.for('tenure')).timer);
  });
  await left(context, gateway);
  await page.evaluate(() => {
    delete Reflect.get(window, Symbol.for('tenure')).refresh;
    Reflect.set(window, 'calls', Promise.all([1, 2, 3].map((n) => fetch(`/api/${n}`, { method: 'POST' }).then((answer) => answer.status))));
  });
  await shown(page, LOCKED);
  await unlockInPlace(page, gateway);
  assert.deepEqual(await page.evaluate(() => Reflect.get(window, 'calls')), [200, 200, 200]);
  assert.deepEqual(app.reached('/api').map((entry) => entry.path), ['/api/1', '/api/2', '/api/3']);
});

test('17: what changes something waits behind the calls that are still being sent', async () => {
  const { app, gateway, page } = await opened();
  let answerFirst;
  app.answers['/api/first'] = (_, response) => { answerFirst = () => response.end(); };
  await shown(page, LOCKED);
  await page.evaluate(() => {
    Reflect.set(window, 'first', fetch('/api/first', { method: 'POST', body: 'old' }).then((answer) => answer.status));
  });
  await unlockInPlace(page, gateway);
  await until('the first call is sent', () => app.reached('/api').length === 1);
  await page.evaluate(() => {
    const request = new XMLHttpRequest();
    request.open('PUT', '/api/xhr');
    request.send('newer');
    const sent = new Promise((resolve) => request.addEventListener('load', () => resolve(request.status)));
    const calls = [fetch('/api/fetch', { method: 'POST', body: 'new' }).then((answer) => answer.status), sent];
    Reflect.set(window, 'later', Promise.all(calls));
    return fetch('/api/read');
  });
  assert.deepEqual(app.reached('/api').map((entry) => entry.path), ['/api/first', '/api/read']);
  answerFirst();
  assert.deepEqual(await page.evaluate(() => Reflect.get(window, 'later')), [200, 200]);
  assert.deepEqual(app.reached('/api').map((entry) => entry.path), ['/api/first', '/api/read', '/api/xhr', '/api/fetch']);
});

test('18: a call that reached the application is not sent twice, whatever it is answered', async () => {
  const { app, gateway, page } = await opened();
  let answerLate;
  app.answers['/api/late'] = (_, response) => { answerLate = () => response.writeHead(201).end('late'); };
  app.answers['/api/refused'] = (_, response) => response.writeHead(401, {
    'content-type': 'application/problem+json', 'tenure-not-forwarded': '1',
  }).end('{"type":"urn:tenure:reason:idle"}');
  app.answers['/api/broken'] = (request) => request.socket.destroy();
  await page.evaluate(() => {
    const call = (name) => fetch(`/api/${name}`, { method: 'POST', body: 'once' }).then((answer) => answer.status, String);
    Reflect.set(window, 'calls', Promise.all(['late', 'refused', 'broken'].map(call)));
  });
  await until('all three arrived', () => app.reached('/api').length >= 3);
  await shown(page, LOCKED);
  answerLate();
  const [late, refused, broken] = await page.evaluate(() => Reflect.get(window, 'calls'));
  assert.deepEqual([late, refused], [201, 401]);
  assert.match(String(broken), /50\d|TypeError/);
  await unlockInPlace(page, gateway);
  assert.equal(app.reached('/api').length, 3);
});

for (const [name, place] of [['event stream', '/chat'], ['WebSocket', '/chat?over=ws']]) {
  test(`19: the ${name} of a chat goes on after the unlock, with the half-written prompt intact`, async () => {
    const gateway = await demo({ idle: '5s' });
    const page = await (await contextWith()).newPage();
    await signIn(page, gateway, place);
    await page.locator('#chat[data-connected=yes]').waitFor();
    await page.getByLabel('Your message').fill('is the tide');
    await shown(page, LOCKED);
    await page.locator('#chat:not([data-connected])').waitFor({ state: 'attached' }).catch(() => {});
    await unlockInPlace(page, gateway);
    assert.equal(await page.getByLabel('Your message').inputValue(), 'is the tide');
    await page.locator('#chat[data-connected=yes]').waitFor({ timeout: 3000 });
    await page.getByLabel('Your message').press('End');
    await page.keyboard.type(' out');
    await page.keyboard.press('Enter');
    await page.locator('#talk .mine p', { hasText: 'is the tide out' }).waitFor();
    await page.locator('#talk .theirs p').filter({ hasText: /\w+ \w+/ }).waitFor();
    assert.equal(await page.locator('#talk .mine').count(), 1);
  });
}

test('19: an event source goes on from the last event that it had, as the same object', async () => {
  const { app, gateway, page } = await opened({ idle: '4s' });
  app.answers['/events'] = (request, response) => {
    const from = Number(request.headers['last-event-id'] ?? 0);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let id = from + 1; id <= from + 3; id += 1) response.write(`id: ${id}\nevent: tick\ndata: tick ${id}\n\n`);
  };
  await page.evaluate(() => {
    const source = new EventSource('/events?x=1');
    const seen = [];
    source.addEventListener('tick', (event) => seen.push(event.data));
    source.onopen = () => seen.push(`open ${source.readyState}`);
    source.onerror = () => seen.push(`error ${source.readyState}`);
    Object.assign(window, { source, seen });
  });
  const seen = () => page.evaluate(() => Reflect.get(window, 'seen'));
  await until('three events', async () => (await seen()).length === 4);
  await shown(page, LOCKED);
  await until('the loss of the connection', async () => (await seen()).length === 5);
  await unlockInPlace(page, gateway);
  await until('three more events', async () => (await seen()).length === 9);
  assert.deepEqual(await seen(), [
    'open 1', 'tick 1', 'tick 2', 'tick 3', 'error 0', 'open 1', 'tick 4', 'tick 5', 'tick 6',
  ]);
  assert.deepEqual(app.reached('/events').map((entry) => entry.path), ['/events?x=1', '/events?x=1']);
  assert.equal(await page.evaluate(() => {
    const { source } = /** @type {any} */ (window);
    source.close();
    return source instanceof EventSource && source.readyState === 2;
  }), true);
});

test('abort, timeout, upload progress, synchronous calls and the calls to other hosts are the browser\'s own', async () => {
  const { app, gateway, page } = await opened();
  await shown(page, LOCKED);
  const outcome = await page.evaluate(async () => {
    const told = [];
    const stop = new AbortController();
    const waits = fetch('/api/aborted', { signal: stop.signal }).catch((error) => told.push(`fetch ${error.name}`));
    const request = new XMLHttpRequest();
    request.open('POST', '/api/dropped');
    for (const name of ['readystatechange', 'load', 'abort', 'loadend']) {
      request.addEventListener(name, () => told.push(`${name} ${request.readyState}`));
    }
    request.send('x');
    const { queue } = await Reflect.get(window, Symbol.for('tenure')).load();
    while (queue.waiting.size < 2) await new Promise((wake) => setTimeout(wake, 10));
    stop.abort();
    await waits;
    const ended = new Promise((resolve) => request.addEventListener('loadend', resolve));
    request.abort();
    await ended;
    const sync = new XMLHttpRequest();
    sync.open('GET', '/api/sync', false);
    sync.send();
    told.push(`sync ${sync.status}`);
    const progress = [];
    const upload = new XMLHttpRequest();
    upload.open('PUT', '/api/upload');
    upload.upload.addEventListener('progress', (event) => progress.push(event.loaded));
    const done = new Promise((resolve) => upload.addEventListener('load', () => resolve([upload.status, progress.at(-1)])));
    upload.send(new Blob(['y'.repeat(3_000_000)]));
    Reflect.set(window, 'upload', done);
    return told;
  });
  assert.deepEqual(outcome, ['fetch AbortError', 'abort 0', 'loadend 0', 'sync 401']);
  await unlockInPlace(page, gateway);
  assert.deepEqual(await page.evaluate(() => Reflect.get(window, 'upload')), [200, 3_000_000]);
  assert.deepEqual(app.reached('/api').map((entry) => [entry.path, entry.body.length]), [['/api/upload', 3_000_000]]);
});

test('bodies of every kind are sent again as they were, and streams go through untouched', async () => {
  const { app, gateway, page } = await opened();
  await shown(page, LOCKED);
  await page.evaluate(async () => {
    const form = new FormData();
    form.append('file', new File(['content of the file'], 'a.txt'));
    const bytes = new TextEncoder().encode('bytes');
    const bodies = [form, bytes, new Blob(['blob']), new URLSearchParams({ a: 'b c' })];
    const calls = bodies.map((body) => fetch('/api/body', { method: 'POST', body }));
    calls.push(fetch(new Request('/api/body', { method: 'POST', body: 'in a request' })));
    bytes.fill(0);
    Reflect.set(window, 'calls', Promise.all(calls.map(async (call) => (await call).status)));
    const { queue } = await Reflect.get(window, Symbol.for('tenure')).load();
    while (queue.waiting.size < 5) await new Promise((wake) => setTimeout(wake, 10));
  });
  await unlockInPlace(page, gateway);
  assert.deepEqual(await page.evaluate(() => Reflect.get(window, 'calls')), [200, 200, 200, 200, 200]);
  const bodies = app.reached('/api/body').map((entry) => entry.body);
  assert.match(bodies[0], /filename="a\.txt"[^]*content of the file/);
  assert.deepEqual(bodies.slice(1), ['bytes', 'blob', 'a=b+c', 'in a request']);
});
