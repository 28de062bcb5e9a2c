// Back, forward, reload and duplicated tabs (trigger 9): a page from the past shows nothing that it should not, and
// nothing is sent twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './harness.mjs';
import { dialog, givePassword, gone, left, path, press, shown, signIn, subject, unlockInPlace } from './person.mjs';
import { stage } from './stage.mjs';

const { serve, context: contextWith } = stage();
const LASTING = { policy: 'idle_timeout = "10m"\nabsolute_timeout = "1h"' };
const SHORT = { policy: 'idle_timeout = "4s"\nwarn_before = "1s"' };

/** Nothing of the application is to be seen: the page is one of the gateway's, or covered. */
const isCovered = async (page) => path(page).startsWith('/.tenure/') || await dialog(page).and(page.locator('.cover')).count() === 1;

test('15: going back after signing out shows nothing protected', async () => {
  const gateway = await serve(LASTING);
  const page = await (await contextWith()).newPage();
  await signIn(page, gateway, '/claim/1');
  await press(page, 'Sign out');
  await page.goBack({ waitUntil: 'commit' });
  await until('it is covered', () => isCovered(page));
});

test('15: a page of one person in the history is not shown to the next one at the same browser', async () => {
  const gateway = await serve(LASTING);
  gateway.addUser('grace');
  const page = await (await contextWith()).newPage();
  await signIn(page, gateway, '/claim/1');
  await press(page, 'Sign out');
  await page.goto(`${gateway.url}/cart`);
  await page.getByLabel('Name or email address').fill('grace');
  await givePassword(page, gateway, 'Sign in');
  assert.equal(await subject(page), 'grace');
  // Past the sign-in and the signing out.
  await page.evaluate(() => { history.go(-3); });
  await page.waitForURL('**/claim/1', { waitUntil: 'commit' });
  await until('it is covered, or grace’s own', async () => await isCovered(page) || await subject(page).catch(() => '') === 'grace');
});

test('reloading a locked page leads to the unlock page, and from there back to it', async () => {
  const gateway = await serve(SHORT);
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/claim/3');
  await left(context, gateway);
  await page.reload();
  assert.equal(path(page), '/.tenure/unlock');
  await givePassword(page, gateway, 'Unlock');
  assert.equal(path(page), '/claim/3');
});

test('a duplicated tab is locked and unlocked with the first, and each keeps its own words', async () => {
  const gateway = await serve(SHORT);
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/claim/3');
  const [copy] = await Promise.all([context.waitForEvent('page'), page.evaluate(() => { open(location.href); })]);
  await copy.waitForLoadState();
  await page.locator('textarea').first().fill('the first');
  await copy.locator('textarea').first().fill('the second');
  await shown(copy, 'locked because you were away');
  await unlockInPlace(copy, gateway);
  await page.bringToFront();
  await gone(page);
  assert.equal(await page.locator('textarea').first().inputValue(), 'the first');
  assert.equal(await copy.locator('textarea').first().inputValue(), 'the second');
});

test('a form of the gateway that has grown old while its page stood open is taken', async () => {
  const gateway = await serve(SHORT);
  const context = await contextWith();
  const [old, other] = [await context.newPage(), await context.newPage()];
  await signIn(old, gateway, '/claim/3');
  await left(context, gateway);
  await old.goto(`${gateway.url}/.tenure/unlock?return_to=/claim/3`);
  await other.goto(`${gateway.url}/.tenure/unlock?return_to=/cart`);
  await givePassword(other, gateway, 'Unlock');
  await left(context, gateway);
  await givePassword(old, gateway, 'Unlock');
  assert.equal(path(old), '/claim/3');
});
