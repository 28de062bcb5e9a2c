// The thin line through everything, with the built `tenure demo` in real Chromium: sign in, be warned, extend,
// idle, lock, unlock; and one device too many. With TENURE_SCREENSHOTS set, it takes the pictures of docs/images.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { session, signIn, startDemo } from './tenure.mjs';
import { launch, ROOT, until, violations } from './harness.mjs';

let browser;
let demo;
before(async () => {
  [browser, demo] = await Promise.all([launch(), startDemo()]);
});
after(async () => {
  await browser?.close();
  demo?.stop();
});

async function visitor(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  return { context, page: await context.newPage() };
}

const dialog = (page) => page.getByRole('dialog');

/** Keeps a picture for the documentation. */
async function picture(page, name) {
  if (!process.env.TENURE_SCREENSHOTS) return;
  const folder = join(ROOT, 'docs/images');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

test('a person is warned at the promised moment, stays by one click, is locked, and goes on after unlocking', async () => {
  const { context, page } = await visitor();
  await signIn(page, demo, '/claim/1');
  const promised = await session(page);
  assert.equal(promised.state, 'active');
  const warnAt = Date.now() + promised.warn_in_ms;

  await dialog(page).waitFor({ timeout: promised.warn_in_ms + 3000 });
  assert.ok(Math.abs(Date.now() - warnAt) < 2500, `warned ${Date.now() - warnAt} ms off`);
  assert.deepEqual(await violations(page), []);
  await picture(page, 'warning');
  await page.getByRole('button', { name: 'Stay signed in' }).click();
  await dialog(page).waitFor({ state: 'hidden' });
  assert.ok((await session(page)).idle_remaining_ms > promised.warn_before_ms);

  // Nobody is there: the session is locked, the page says why and stays.
  const old = (await context.cookies()).find((cookie) => cookie.name === 'tenure').value;
  await until('the lock', async () => (await session(page)).state === 'locked', 20_000);
  assert.equal((await session(page)).reason, 'idle');
  await page.getByRole('button', { name: 'Continue' }).or(page.getByRole('link', { name: 'Continue' })).click();
  await page.waitForURL(/\/\.tenure\/unlock/);
  await picture(page, 'unlock');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByText(/doesn.t match|don.t match/).waitFor();
  await page.getByLabel('Password').fill(demo.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.waitForURL(demo.url + '/claim/1');
  assert.equal((await session(page)).state, 'active');

  // The token from before is worth nothing.
  const now = (await context.cookies()).find((cookie) => cookie.name === 'tenure').value;
  assert.notEqual(now, old);
  const { context: thief, page: elsewhere } = await visitor();
  await thief.addCookies([{ name: 'tenure', value: old, url: demo.url }]);
  await elsewhere.goto(demo.url + '/claim/1');
  assert.match(elsewhere.url(), /\/\.tenure\/(unlock|why)/);
  await Promise.all([context.close(), thief.close()]);
});

test('one session too many asks which one to end, and that one is told by whom', async () => {
  const demo = await startDemo({ idle: '60s' });
  const people = [];
  for (let number = 0; number < 5; number += 1) {
    const person = await visitor();
    await signIn(person.page, demo, '/whoami');
    people.push(person);
  }
  const { context, page } = await visitor();
  await page.goto(demo.url + '/whoami');
  await page.getByLabel(/name/i).first().fill(demo.username);
  await page.getByLabel('Password').fill(demo.password);
  await page.getByRole('button', { name: /sign in/i }).click();
  await page.getByRole('radio').first().check();
  await picture(page, 'limit');
  await page.getByRole('button', { name: /end|continue|sign in/i }).first().click();
  await page.waitForURL(demo.url + '/whoami');
  const displaced = [];
  for (const person of people) {
    await person.page.goto(demo.url + '/whoami');
    if (person.page.url().includes('/.tenure/why')) displaced.push(person);
  }
  assert.equal(displaced.length, 1);
  await displaced[0].page.getByText(/Chrom(e|ium)/).first().waitFor();
  await displaced[0].page.getByText('127.0.0.1').first().waitFor();
  await picture(displaced[0].page, 'why');

  await page.goto(`${demo.url}/.tenure/account/sessions`);
  await picture(page, 'sessions');
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: /everywhere else|others/i }).click();
  const left = people.find((person) => !displaced.includes(person));
  await left.page.goto(demo.url + '/whoami');
  assert.match(left.page.url(), /\/\.tenure\/why/);
  for (const person of [...people, { context }]) await person.context.close();
  demo.stop();
});
