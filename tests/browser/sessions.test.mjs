// Trigger 5: several devices of one person, and what each of them is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './harness.mjs';
import { path, press, shown, signIn, standing, subject } from './person.mjs';
import { stage } from './stage.mjs';

const { demo, serve, context: contextWith } = stage();
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15';

const limits = (onExcess) => ({
  policy: `idle_timeout = "10m"\nabsolute_timeout = "1h"\nmax_sessions = 1\non_excess = "${onExcess}"`,
});

async function device(userAgent) {
  const context = await contextWith({ userAgent });
  return { context, page: await context.newPage() };
}

test('20: one device too many: the person chooses which session ends, and the ended browser is told by what and when', async () => {
  const gateway = await serve(limits('ask'));
  const first = await device(FIREFOX);
  await signIn(first.page, gateway, '/cart');
  const second = await device(SAFARI);
  await signIn(second.page, gateway, '/claim/2');
  const choices = second.page.getByRole('radio');
  assert.equal(await choices.count(), 1);
  assert.match(await second.page.locator('fieldset').innerText(), /Firefox/);
  assert.equal((await standing(first.context, gateway)).state, 'active', 'nothing ends before the choice');

  await choices.first().check();
  await press(second.page, 'End it and sign in here');
  assert.equal(path(second.page), '/claim/2');
  assert.equal(await subject(second.page), gateway.username);

  await first.page.goto(`${gateway.url}/cart`);
  assert.equal(path(first.page), '/.tenure/why');
  const told = await first.page.locator('main').innerText();
  assert.match(told, /Safari/);
  assert.match(told, /127\.0\.0\.1/);
  assert.match(told, new RegExp(String(new Date().getUTCFullYear())));
  assert.equal((await standing(first.context, gateway)).reason, 'displaced');
});

test('whoever cancels the choice ends nobody', async () => {
  const gateway = await serve(limits('ask'));
  const first = await device(FIREFOX);
  await signIn(first.page, gateway);
  const second = await device(SAFARI);
  await signIn(second.page, gateway);
  await second.page.getByRole('link', { name: 'Cancel' }).click();
  await second.page.waitForURL('**/.tenure/sign-in**');
  assert.equal((await standing(first.context, gateway)).state, 'active');
  assert.equal((await standing(second.context, gateway)).state, 'none');
});

test('without a question: the oldest session makes room and is told so', async () => {
  const gateway = await serve(limits('end_oldest'));
  const first = await device(FIREFOX);
  await signIn(first.page, gateway, '/cart');
  const second = await device(SAFARI);
  await signIn(second.page, gateway, '/cart');
  assert.equal(path(second.page), '/cart');
  await first.page.goto(`${gateway.url}/cart`);
  assert.equal(path(first.page), '/.tenure/why');
  assert.match(await first.page.locator('main').innerText(), /Safari/);
});

test('where no more are allowed the new sign-in is refused in plain words, and the old one goes on', async () => {
  const gateway = await serve(limits('refuse'));
  const first = await device(FIREFOX);
  await signIn(first.page, gateway);
  const second = await device(SAFARI);
  await signIn(second.page, gateway);
  assert.equal(path(second.page), '/.tenure/sign-in');
  await second.page.getByRole('alert').waitFor();
  assert.equal((await standing(first.context, gateway)).state, 'active');
});

test('"where you are signed in" ends another session, and that browser is told', async () => {
  const gateway = await demo({ idle: '2m' });
  const [mine, other] = [await device(SAFARI), await device(FIREFOX)];
  await signIn(other.page, gateway, '/cart');
  await signIn(mine.page, gateway, '/cart');
  await mine.page.getByRole('link', { name: 'Where you are signed in' }).click();
  await mine.page.waitForURL('**/.tenure/account/sessions');
  const row = mine.page.getByRole('listitem').filter({ hasText: 'Firefox' });
  await Promise.all([mine.page.waitForEvent('load'), row.getByRole('button', { name: /^End/ }).click()]);
  assert.equal(path(mine.page), '/.tenure/account/sessions');
  await mine.page.getByRole('status').waitFor();
  assert.equal(await mine.page.getByRole('listitem').filter({ hasText: 'Firefox' }).count(), 0);
  assert.equal((await standing(mine.context, gateway)).state, 'active');

  await other.page.goto(`${gateway.url}/cart`);
  assert.equal(path(other.page), '/.tenure/why');
  assert.equal((await standing(other.context, gateway)).reason, 'signed_out_elsewhere');
});

test('signing out everywhere else leaves this browser alone', async () => {
  const gateway = await demo({ idle: '2m' });
  const others = [await device(FIREFOX), await device(FIREFOX)];
  for (const { page } of others) await signIn(page, gateway);
  const mine = await device(SAFARI);
  await signIn(mine.page, gateway);
  await mine.page.goto(`${gateway.url}/.tenure/account/sessions`);
  await press(mine.page, 'Sign out everywhere else');
  assert.equal((await standing(mine.context, gateway)).state, 'active');
  for (const { context } of others) assert.equal((await standing(context, gateway)).state, 'ended');
});

test('21: a session that an administrator ends is told of in the open page within two seconds', async () => {
  const gateway = await serve({ policy: 'idle_timeout = "10m"\nabsolute_timeout = "1h"' });
  const { context, page } = await device(SAFARI);
  await signIn(page, gateway, '/claim/3');
  await page.locator('textarea').first().fill('half a sentence');
  const { session } = await standing(context, gateway);
  await until('the page listens', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure')).hearing !== null));
  await gateway.run(['sessions', 'end', session]);
  const ended = Date.now();
  await shown(page, 'ended');
  // The promise is two seconds; what is over is a busy machine's.
  assert.ok(Date.now() - ended < 4000, `${Date.now() - ended} ms`);
  assert.equal(await page.locator('textarea').first().inputValue(), 'half a sentence');
});
