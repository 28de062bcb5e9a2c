// Back, forward, reload and duplicated tabs (trigger 9): a page from the past shows nothing that it should not, and
// nothing is sent twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './harness.mjs';
import { dialog, givePassword, gone, left, path, press, shown, signIn, subject, unlockInPlace } from './person.mjs';
import { SmallApp } from './small_app.mjs';
import { stage } from './stage.mjs';

const { serve, before, run, context: contextWith } = stage();
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

/** A page that no back/forward cache takes, but the cache of answers: going back builds it anew without asking anybody. */
async function builtAnew({ limits = LASTING.policy } = {}) {
  const app = await run(new SmallApp());
  const out = '<form method="post" action="/.tenure/sign-out"><button>Sign out</button></form>';
  app.pages['/page'] = { html: `<p>protected words</p>${out}<script>onunload = () => {};</script>` };
  app.pages['/other'] = { html: out };
  const gateway = await before(app.url, `preset = "custom"\n${limits}`);
  gateway.addUser('grace');
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/page');
  return { app, gateway, context, page };
}

test('15: a page that is built anew out of the cache after signing out shows nothing protected', async () => {
  const { page } = await builtAnew();
  await press(page, 'Sign out');
  await page.goBack({ waitUntil: 'commit' });
  await until('it is covered', () => isCovered(page));
  assert.equal(await page.evaluate(() => performance.getEntriesByType('navigation')[0]?.transferSize), 0, 'it comes out of the cache');
});

test('15: a page of one person that is built anew out of the cache is not shown to the next one', async () => {
  const { gateway, page } = await builtAnew();
  await press(page, 'Sign out');
  await page.goto(`${gateway.url}/other`);
  await page.getByLabel('Name or email address').fill('grace');
  await givePassword(page, gateway, 'Sign in');
  await page.evaluate(() => { history.go(-3); });
  await page.waitForURL('**/page', { waitUntil: 'commit' });
  // It is loaded anew for the one who is there now.
  await until('it was loaded', () => page.evaluate(() => performance.getEntriesByType('navigation')[0]?.type === 'reload').catch(() => false));
  await gone(page);
});

test('a page that is built anew out of the cache is covered while the session is locked', async () => {
  const { gateway, context, page } = await builtAnew({ limits: SHORT.policy });
  await page.goto(`${gateway.url}/other`);
  await left(context, gateway);
  await page.goBack({ waitUntil: 'commit' });
  await shown(page, 'locked because you were away');
  assert.ok(await isCovered(page));
  await unlockInPlace(page, gateway);
  assert.ok(await page.getByText('protected words').isVisible());
});

test('a page that is built anew out of the cache for the same person is shown without loading it again', async () => {
  const { app, gateway, page } = await builtAnew();
  await page.goto(`${gateway.url}/other`);
  app.pages['/page'].html = 'changed';
  await page.goBack();
  await until('the session is known', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure')).state === 'active').catch(() => false));
  await gone(page);
  assert.ok(await page.getByText('protected words').isVisible());
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
