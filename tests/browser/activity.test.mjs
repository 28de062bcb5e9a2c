// What keeps a session alive, and what does not, with the real gateway: tabs, typing, polling.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './harness.mjs';
import { dialog, dialogButton, gone, path, shown, signIn, standing, unlockInPlace } from './person.mjs';
import { stage } from './stage.mjs';

const { demo, serve, context: contextWith } = stage();
const SHORT = `idle_timeout = "4s"
absolute_timeout = "10m"
warn_before = "2s"`;

test('2: a warning in three tabs of the shop is answered in one, and gone in all', async () => {
  const gateway = await demo({ idle: '10s' });
  const context = await contextWith();
  const tabs = [await context.newPage(), await context.newPage(), await context.newPage()];
  await signIn(tabs[0], gateway, '/catalogue');
  await tabs[1].goto(`${gateway.url}/cart`);
  await tabs[2].goto(`${gateway.url}/claim/1`);
  await Promise.all(tabs.map((tab) => shown(tab, 'Are you still there?')));
  await dialogButton(tabs[1], 'Stay signed in').click();
  await Promise.all(tabs.map(gone));
  const { state, idle_remaining_ms: remaining } = await standing(context, gateway);
  assert.equal(state, 'active');
  assert.ok(remaining > 5000, `${remaining} ms were left`);
});

test('5: writing a claim for longer than the idle limit, without one request to the shop, keeps the session', async () => {
  const gateway = await demo({ idle: '4s' });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/claim/3');
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const area = page.locator('textarea').first();
  await area.focus();
  const began = Date.now();
  while (Date.now() - began < 9000) await page.keyboard.type('word ', { delay: 40 });
  assert.equal((await standing(context, gateway)).state, 'active');
  assert.equal(await dialog(page).count(), 0);
  assert.deepEqual(asked.filter((place) => !/^\/(.tenure|static)\//.test(place)), []);
  const written = await area.inputValue();
  await page.getByRole('button', { name: 'Save and go on' }).click();
  await page.waitForURL('**/claim/4');
  await page.goto(`${gateway.url}/claim/3`);
  assert.equal(await page.locator('textarea').first().inputValue(), written);
});

for (const [what, move] of [
  ['scrolling with the wheel', (page, n) => page.mouse.wheel(0, n % 2 ? 40 : -40)],
  ['moving the pointer', (page, n) => page.mouse.move(300 + (n % 30), 300)],
]) {
  test(`${what} for longer than the idle limit keeps the session`, async () => {
    const gateway = await serve({ policy: SHORT });
    const context = await contextWith();
    const page = await context.newPage();
    await signIn(page, gateway, '/catalogue');
    const { absolute_remaining_ms: before } = await standing(context, gateway);
    let moves = 0;
    await until('two idle limits have passed', async () => {
      await move(page, moves += 1);
      return before - (await standing(context, gateway)).absolute_remaining_ms > 8000;
    }, 20_000);
    assert.equal((await standing(context, gateway)).state, 'active');
  });
}

test('6: a page that asks every second on a passive route keeps nobody signed in', async () => {
  const gateway = await serve({ policy: SHORT, routes: '[[route]]\npath = "/api/echo"\naccess = "passive"' });
  const page = await (await contextWith()).newPage();
  await signIn(page, gateway, '/poll');
  const count = async (id) => Number(await page.locator(`#${id}`).innerText());
  await until('an answer', () => count('answers'));
  await shown(page, 'locked because you were away');
  await page.waitForFunction(() => Reflect.get(window, Symbol.for('tenure')).part.queue.waiting.size === 1);
  const answers = await count('answers');
  assert.equal(await count('refusals'), 0, 'the question waits');
  await unlockInPlace(page, gateway);
  await until('one more answer', async () => await count('answers') > answers);
});

test('a page that asks every second on an ordinary route is activity', async () => {
  const gateway = await serve({ policy: SHORT });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/poll');
  const answers = async () => Number(await page.locator('#answers').innerText());
  await until('answers for longer than the limit', async () => await answers() >= 6, 20_000);
  assert.equal((await standing(context, gateway)).state, 'active');
});

test('requests that say they are passive are not activity, whatever the route', async () => {
  const gateway = await serve({ policy: SHORT });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/catalogue');
  await page.evaluate(() => setInterval(() => fetch('/whoami', { headers: { 'Tenure-Activity': 'passive' } }), 200));
  await shown(page, 'locked because you were away');
  await page.goto(`${gateway.url}/catalogue`);
  assert.equal(path(page), '/.tenure/unlock');
});

test('asking how long the session lasts is not activity, however often', async () => {
  const gateway = await serve({ policy: SHORT });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/catalogue');
  // What belongs to the page, its icon for one, is asked for after it has loaded; and one question of the client waits on.
  await until('the page listens', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure')).hearing !== null));
  const seen = [];
  await until('the lock', async () => {
    const { state, idle_remaining_ms: remaining } = await standing(context, gateway);
    if (state === 'active') seen.push(remaining);
    return state === 'locked';
  });
  assert.ok(seen.length > 5 && seen.every((left, n) => n === 0 || left <= seen[n - 1]), `${seen}`);
});
