// The browser client in a real Chromium, against a gateway with short limits.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { SCHEMES, SCREENSHOTS, WIDTHS, launch, renderPages, until, violations } from './harness.mjs';
import { BASE, MockGateway } from './mock_gateway.mjs';

const rendered = renderPages();
const scripts = join(rendered.dir, '.tenure');
let browser;
/** @type {(() => unknown)[]} */
let cleanUp = [];

before(async () => {
  browser = await launch();
  if (SCREENSHOTS) mkdirSync(SCREENSHOTS, { recursive: true });
});
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});
after(async () => {
  await browser?.close();
  rendered.remove();
});

async function gatewayWith(limits) {
  const gateway = await new MockGateway(scripts, limits).start();
  cleanUp.push(() => gateway.stop());
  return gateway;
}

async function contextWith(options = {}) {
  const context = await browser.newContext(options);
  cleanUp.push(() => context.close());
  return context;
}

/** A page of `gateway` and every error that the browser reported in it. */
async function open(gateway, { path = '/', context } = {}) {
  const page = await (context ?? await contextWith()).newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('503')) errors.push(message.text());
  });
  await page.goto(gateway.address + path);
  return { page, errors };
}

const dialog = (page) => page.locator('tenure-session dialog[open]');
const button = (page, name) => dialog(page).getByRole('button', { name });
const shown = (page, text) => dialog(page).filter({ hasText: text }).waitFor({ timeout: 10_000 });
const gone = (page) => dialog(page).waitFor({ state: 'detached', timeout: 10_000 });

test('1: the warning comes at the promised moment, after the server was asked', async () => {
  const gateway = await gatewayWith({ idle: 5000, warnBefore: 3000 });
  const { page, errors } = await open(gateway);
  await shown(page, 'Are you still there?');
  const left = gateway.remaining().idle;
  assert.ok(left <= 3000 && left > 2000, `${left} ms were left`);
  assert.ok(gateway.count.session >= 2, 'asked again before warning');
  assert.match(await dialog(page).innerText(), /Time left: [123] seconds?/);
  assert.deepEqual(errors, []);
});

test('1: one click extends, and the server decides by how much', async () => {
  const gateway = await gatewayWith({ idle: 4000, warnBefore: 3000 });
  const { page } = await open(gateway);
  await shown(page, 'Are you still there?');
  gateway.idle = 60_000;
  await button(page, 'Stay signed in').click();
  await gone(page);
  assert.equal(gateway.count.extend, 1);
  assert.equal(gateway.state, 'active');
});

test('1: Enter alone extends, and the focus goes back where it was', async () => {
  const gateway = await gatewayWith({ idle: 4000, warnBefore: 3000 });
  const { page } = await open(gateway);
  await page.locator('textarea').focus();
  await shown(page, 'Are you still there?');
  gateway.idle = 60_000;
  await page.keyboard.press('Enter');
  await gone(page);
  assert.equal(gateway.count.extend, 1);
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'text');
  assert.equal(await page.locator('textarea').inputValue(), '');
});

test('an extension that does not reach the server promises nothing', async () => {
  const gateway = await gatewayWith({ idle: 6000, warnBefore: 5500 });
  const { page } = await open(gateway);
  await shown(page, 'Are you still there?');
  gateway.down = true;
  await button(page, 'Stay signed in').click();
  await shown(page, 'Reconnecting…');
  await shown(page, 'Checking your session…');
  assert.doesNotMatch(await dialog(page).innerText(), /ended|locked|expired/i);
  gateway.down = false;
  await shown(page, 'Your session is locked because you were away');
});

test('2: one extension in one of three tabs ends the warning in all', async () => {
  const gateway = await gatewayWith({ idle: 6000, warnBefore: 4500 });
  const context = await contextWith();
  const tabs = [];
  for (let n = 0; n < 3; n += 1) tabs.push((await open(gateway, { context })).page);
  await Promise.all(tabs.map((page) => shown(page, 'Are you still there?')));
  gateway.idle = 60_000;
  const asked = gateway.count.session;
  await button(tabs[2], 'Stay signed in').click();
  await Promise.all(tabs.map(gone));
  assert.equal(gateway.count.extend, 1);
  assert.ok(gateway.count.session - asked <= 6, `${gateway.count.session - asked} questions`);
});

test('Escape puts the warning off without extending, and it comes back for the last 20 seconds', async () => {
  const gateway = await gatewayWith({ idle: 23_500, warnBefore: 23_000 });
  const { page } = await open(gateway);
  await shown(page, 'Are you still there?');
  await page.keyboard.press('Escape');
  await gone(page);
  await shown(page, 'Are you still there?');
  const left = gateway.remaining().idle;
  assert.ok(left <= 20_500 && left > 18_500, `${left} ms were left`);
  assert.deepEqual([gateway.count.extend, gateway.count.activity], [0, 0]);
});

test('5: typing for longer than the idle limit keeps the session, with few reports', async () => {
  const gateway = await gatewayWith({ idle: 3000, warnBefore: 1000 });
  const { page } = await open(gateway);
  await until('first answer', () => gateway.count.session);
  const started = Date.now();
  await page.locator('textarea').focus();
  while (Date.now() - started < 6000) await page.keyboard.type('word ', { delay: 40 });
  assert.equal(gateway.answer().state, 'active');
  assert.equal(await dialog(page).count(), 0);
  const most = (Date.now() - started) / 500 + 2;
  assert.ok(gateway.count.activity > 3 && gateway.count.activity <= most, `${gateway.count.activity} reports`);
});

test('events made by a script are not activity, in one tab or in two', async () => {
  const gateway = await gatewayWith({ idle: 2500, warnBefore: 500 });
  const context = await contextWith();
  const tabs = [(await open(gateway, { context })).page, (await open(gateway, { context })).page];
  for (const page of tabs) {
    await page.evaluate(() => setInterval(() => {
      const text = /** @type {HTMLElement} */ (document.getElementById('text'));
      text.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }));
      text.dispatchEvent(new InputEvent('input', { bubbles: true }));
      text.click();
    }, 50));
  }
  await Promise.all(tabs.map((page) => shown(page, 'locked because you were away')));
  assert.deepEqual([gateway.count.activity, gateway.count.extend], [0, 0]);
});

test('a session that ended is explained over the page, and what was typed stays until the person goes on', async () => {
  const gateway = await gatewayWith({ idle: 60_000, warnBefore: 1000 });
  const { page } = await open(gateway, { path: '/wiki?edit=1' });
  await page.locator('textarea').fill('half a sentence');
  gateway.stopWith('ended', 'displaced', 'A newer sign-in took the place of this session', 'It was Firefox on Linux.');
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await shown(page, 'It was Firefox on Linux.');
  for (let n = 0; n < 4; n += 1) await page.keyboard.press('Escape');
  await shown(page, 'A newer sign-in took the place of this session');
  assert.equal(await page.locator('textarea').inputValue(), 'half a sentence');
  await button(page, 'Continue').click();
  await page.waitForURL((url) => url.pathname === `${BASE}/why`);
  assert.equal(new URL(page.url()).searchParams.get('return_to'), '/wiki?edit=1');
});

test('unlocking in another tab uncovers the page', async () => {
  const gateway = await gatewayWith({ idle: 1500, warnBefore: 200 });
  const { page } = await open(gateway);
  await shown(page, 'locked because you were away');
  Object.assign(gateway, { state: 'active', words: {}, idle: 60_000, activeAt: gateway.now() });
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await gone(page);
});

test('a page of one person stays covered when another one is signed in', async () => {
  const gateway = await gatewayWith({ idle: 60_000, warnBefore: 1000 });
  const { page } = await open(gateway);
  await until('first answer', () => gateway.count.session);
  await until('a signed-in page', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure'))?.known.signedIn));
  gateway.subject = 'grace';
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await shown(page, 'Somebody else is signed in now');
});

test('4: sleep through the deadline is noticed, and the page is covered at once', async () => {
  const gateway = await gatewayWith({ idle: 600_000, warnBefore: 60_000 });
  const { page } = await open(gateway);
  await until('a signed-in page', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure'))?.known.signedIn));
  gateway.skew = 900_000;
  await page.evaluate((skew) => {
    const wall = Date.now;
    Date.now = () => wall() + skew;
  }, gateway.skew);
  await shown(page, 'locked because you were away');
});

test('a device whose clock is hours off is told the right time left', async () => {
  const gateway = await gatewayWith({ idle: 4000, warnBefore: 3500 });
  const context = await contextWith();
  await context.addInitScript(() => {
    const wall = Date.now;
    Date.now = () => wall() - 7 * 3_600_000;
  });
  const { page } = await open(gateway, { context });
  await shown(page, /Time left: [234] seconds/);
});

test('30: while the server does not answer, the page goes on; afterwards everything does', async () => {
  const gateway = await gatewayWith({ idle: 60_000, warnBefore: 1000 });
  const { page } = await open(gateway);
  await until('a signed-in page', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure'))?.known.signedIn));
  gateway.down = true;
  const asked = gateway.count.session;
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await until('a question without an answer', () => gateway.count.session > asked + 1);
  assert.equal(await dialog(page).count(), 0);
  gateway.down = false;
  await until('known again', () => page.evaluate(() => !Reflect.get(window, Symbol.for('tenure')).known.failing));
  assert.equal(await dialog(page).count(), 0);
});

test('the absolute limit offers a new sign-in and says that extending is not possible', async () => {
  const gateway = await gatewayWith({ idle: 60_000, absolute: 9000, warnBefore: 8500 });
  const { page } = await open(gateway, { path: '/wiki' });
  await shown(page, 'cannot be extended');
  assert.equal(await button(page, 'Stay signed in').count(), 0);
  await page.keyboard.press('Enter');
  assert.equal(await dialog(page).count(), 1, 'a stray key presses nothing');
  await button(page, 'Sign in again now').click();
  await shown(page, 'the time begins anew');
  assert.match(await dialog(page).locator('iframe').getAttribute('src'), /\/unlock\?frame=1&return_to=%2Fwiki$/);
});

test('signing out from the warning goes to the page that the gateway names', async () => {
  const gateway = await gatewayWith({ idle: 9000, warnBefore: 8500 });
  const { page } = await open(gateway);
  await shown(page, 'Are you still there?');
  await button(page, 'Sign out').click();
  await page.waitForURL((url) => url.pathname === `${BASE}/signed-out`);
  assert.equal(gateway.count['sign-out'], 1);
});

test('a page with frames of its own site shows one dialog, and input in a frame counts', async () => {
  const gateway = await gatewayWith({ idle: 6000, warnBefore: 2500 });
  const { page } = await open(gateway, { path: '/?frames' });
  await until('five frames', async () => page.frames().length === 6);
  await page.frames()[3].locator('textarea').fill('x');
  await until('a report from a frame', () => gateway.count.activity === 1);
  await shown(page, 'Are you still there?');
  const dialogs = await Promise.all(page.frames().map((frame) => frame.locator('tenure-session dialog[open]').count()));
  assert.deepEqual(dialogs, [1, 0, 0, 0, 0, 0]);
});

test('a visitor who is not signed in gets one question and nothing stored', async () => {
  const gateway = await gatewayWith({ idle: 1000, warnBefore: 500, state: 'none' });
  const { page } = await open(gateway);
  await until('one question', () => gateway.count.session === 1);
  await page.locator('textarea').fill('a comment');
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  assert.deepEqual(await page.evaluate(() => ({ ...localStorage })), {});
  assert.deepEqual(gateway.count, { session: 1, extend: 0, activity: 0, 'sign-out': 0 });
  assert.equal(await page.locator('tenure-session').count(), 0);
});

for (const policy of ['strict', 'dynamic', 'types']) {
  test(`24: the client works under the policy "${policy}" without one violation`, async () => {
    const gateway = await gatewayWith({ idle: 5000, warnBefore: 4500 });
    const { page, errors } = await open(gateway, { path: `/?csp=${policy}` });
    await shown(page, 'Are you still there?');
    gateway.idle = 60_000;
    await button(page, 'Stay signed in').click();
    await gone(page);
    assert.deepEqual(errors, []);
  });
}

test('a policy that forbids the question leaves the page alone', async () => {
  const gateway = await gatewayWith({ idle: 1000, warnBefore: 500 });
  const { page, errors } = await open(gateway, { path: '/?csp=closed' });
  await until('the refusal', () => errors.some((error) => /connect/i.test(error)));
  await page.locator('textarea').fill('works');
  assert.equal(await dialog(page).count(), 0);
  assert.equal(gateway.count.session, 0);
});

for (const [kind, query] of [['plain', ''], ['no-store', '?no-store']]) {
  test(`a ${kind} page keeps its place in the back/forward cache, and comes back covered until the session was checked`, async () => {
    const gateway = await gatewayWith({ idle: 60_000, warnBefore: 1000 });
    const context = await contextWith();
    await context.addInitScript(() => addEventListener('pageshow', (event) => {
      const covered = document.querySelector('tenure-session')?.shadowRoot?.querySelector('dialog')?.open ?? false;
      fetch(`/log?line=${location.pathname} persisted=${event.persisted} covered=${covered}`);
    }));
    const { page } = await open(gateway, { context, path: `/first${query}` });
    await until('a signed-in page', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure'))?.known.signedIn));
    await page.evaluate(() => { location.href = '/second'; });
    await until('the second page', () => gateway.log.some((line) => line.startsWith('/second')));
    gateway.stopWith('ended', 'signed_out', 'You signed out', 'The session was ended by signing out.');
    const asked = gateway.count.session;
    await page.evaluate(() => history.back()).catch(() => {});
    await until('a restored page', () => gateway.log.includes('/first persisted=true covered=true'));
    await until('a question by the restored page', () => gateway.count.session > asked);
  });
}

for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    test(`both dialogs are free of axe violations at ${width} px, ${colorScheme}`, async () => {
      const gateway = await gatewayWith({ idle: 60_000, warnBefore: 59_800 });
      const context = await contextWith({ viewport: { width, height: 640 }, colorScheme });
      const { page } = await open(gateway, { context });
      const check = async (name) => {
        if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `dialog-${name}-${width}-${colorScheme}.png`) });
        assert.deepEqual(await violations(page), [], name);
        const box = await dialog(page).boundingBox();
        assert.ok(box && box.x >= 0 && box.x + box.width <= width, `${name} fits`);
      };
      await shown(page, 'Are you still there?');
      await check('idle');
      gateway.absolute = 50_000;
      await page.evaluate(() => dispatchEvent(new Event('focus')));
      await shown(page, 'cannot be extended');
      await check('absolute');
      gateway.stopWith('locked', 'idle', 'Your session is locked because you were away',
        'There was no activity for a while, so the session was locked. Your work is kept.');
      await page.evaluate(() => dispatchEvent(new Event('focus')));
      await shown(page, 'locked because you were away');
      await check('locked');
    });
  }
}
