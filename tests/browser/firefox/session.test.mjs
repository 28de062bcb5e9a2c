// The life of a session in an open page. The numbers are those of the scenarios, as in the tests of Chromium.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderPages, until } from '../harness.mjs';
import { MockGateway } from '../mock_gateway.mjs';
import { firefoxStage, givePassword, gone, isCovered, launch, leads, left, path, press, said, shown, signIn, standing, value } from './firefox.mjs';

const { contextWith, kept, opened, shop } = firefoxStage();
const LASTING = 'idle_timeout = "10m"\nabsolute_timeout = "1h"';
const LOCKED = 'locked because you were away';

test('1: the warning comes, and one click or Enter extends', async () => {
  const { page } = await opened({ policy: 'idle_timeout = "6s"\nwarn_before = "3s"' });
  for (const extend of [() => press(page, 'Stay signed in'), () => page.keyboard.press('Enter')]) {
    await shown(page, 'Are you still there?');
    await extend();
    await gone(page);
    assert.ok((await standing(page)).idle_remaining_ms > 3000);
  }
});

test('2: a warning in two tabs is answered in one, and gone in both', async () => {
  const { page, context, gateway } = await opened({ policy: 'idle_timeout = "8s"\nwarn_before = "5s"' });
  const other = await context.newPage();
  await other.goto(`${gateway.url}/page`);
  await shown(other, 'Are you still there?');
  await press(other, 'Stay signed in');
  await gone(other);
  await page.bringToFront();
  await gone(page);
});

test('3: a page that was in the background for the whole idle time shows nothing when it comes into view', async () => {
  const { context, page } = await opened();
  const front = await context.newPage();
  await front.bringToFront();
  await until('it is in the background', () => page.evaluate(() => document.hidden));
  await left(page);
  await page.bringToFront();
  await until('it is covered', () => isCovered(page));
  await shown(page, LOCKED);
});

test('4: sleep through the deadline is noticed, and the page is covered at once', async () => {
  const rendered = renderPages();
  const gateway = await kept(new MockGateway(join(rendered.dir, '.tenure'), { idle: 600_000, warnBefore: 60_000 }).start());
  const page = await (await contextWith()).newPage();
  await page.goto(gateway.address);
  await until('a signed-in page', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure'))?.known.signedIn));
  rendered.remove();
  gateway.skew = 900_000;
  await page.evaluate((skew) => {
    const wall = Date.now;
    Date.now = () => wall() + skew;
  }, gateway.skew);
  await shown(page, LOCKED);
  assert.ok(await isCovered(page));
});

test('5: typing for longer than the idle limit keeps the session', async () => {
  const { page } = await opened();
  const { absolute_remaining_ms: before } = await standing(page);
  await until('two idle limits', async () => {
    await page.type('#words', 'a');
    return before - (await standing(page)).absolute_remaining_ms > 8000;
  }, 20_000);
  assert.equal((await standing(page)).state, 'active');
});

test('6: a page that asks on a passive route keeps nobody signed in', async () => {
  const { page } = await opened({ routes: '[[route]]\npath = "/poll"\naccess = "passive"' });
  await page.evaluate(() => { setInterval(() => fetch('/poll'), 200); });
  await shown(page, LOCKED);
});

test('20: one device too many: the person chooses which session ends, and the ended browser is told by what and when', async () => {
  const { gateway, page: first } = await opened({ policy: `${LASTING}\nmax_sessions = 1\non_excess = "ask"` });
  const second = await (await contextWith()).newPage();
  await signIn(second, gateway, '/other');
  assert.match(await second.$eval('fieldset', (choices) => choices.innerText), /Firefox/);
  assert.equal((await standing(first)).state, 'active', 'nothing ends before the choice');
  await second.click('[type=radio]');
  await leads(second, () => second.click('button.primary'));
  assert.equal(path(second), '/other');
  await first.goto(`${gateway.url}/page`);
  assert.equal(path(first), '/.tenure/why');
  const told = await first.$eval('main', (main) => main.innerText);
  assert.match(told, /Firefox/);
  assert.match(told, /127\.0\.0\.1/);
});

test('21: a session that an administrator ends is told of in the open page', async () => {
  const { gateway, page } = await opened({ policy: LASTING });
  const { session } = await standing(page);
  await until('the page listens', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure')).hearing !== null));
  await gateway.run(['sessions', 'end', session]);
  await shown(page, 'ended');
});

test('22: a browser that keeps no cookies is told so in plain words', async () => {
  const gateway = await shop(LASTING);
  const browser = await launch({ preferences: { 'network.cookie.cookieBehavior': 2 } });
  await kept({ stop: () => browser.close() });
  const page = await browser.newPage();
  await page.goto(`${gateway.url}/claim/1`);
  await page.type('#username', gateway.username);
  await givePassword(page, gateway);
  const text = await page.$eval('main', (main) => main.innerText);
  assert.match(text, /cookie/i);
  assert.match(text, /Firefox/);
});

test('23: a damaged cookie is explained once, cleaned up with one click, and a new sign-in works', async () => {
  const gateway = await shop(LASTING);
  const context = await contextWith();
  const page = await context.newPage();
  await page.goto(`${gateway.url}/.tenure/status`);
  await page.setCookie({ name: 'tenure', value: 'damaged', path: '/', url: gateway.url });
  await page.goto(`${gateway.url}/claim/1`);
  assert.equal(path(page), '/.tenure/why');
  await leads(page, () => page.click('button.primary'));
  await page.type('#username', gateway.username);
  await givePassword(page, gateway);
  assert.equal(path(page), '/claim/1');
});

test('29: while the gateway is away the page says nothing of an ending, and afterwards goes on', async () => {
  const { gateway, page } = await opened({ policy: LASTING });
  await page.type('#words', 'half a sentence');
  await gateway.kill();
  await gateway.start();
  assert.equal((await standing(page)).state, 'active');
  assert.equal(await said(page), '');
  assert.equal(await value(page, '#words'), 'half a sentence');
});

test('30: while the server does not answer, the page goes on; afterwards everything does', async () => {
  const { gateway, page } = await opened({ policy: LASTING });
  const failing = () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure')).known.failing);
  await gateway.kill();
  await page.evaluate(() => { dispatchEvent(new Event('focus')); });
  await until('a question without an answer', failing);
  assert.equal(await said(page), '');
  await gateway.start();
  await until('known again', async () => !await failing());
  assert.equal(await said(page), '');
});
