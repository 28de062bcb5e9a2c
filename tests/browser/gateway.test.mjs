// A person, a browser, the gateway and a shop that knows nothing of sessions: the promise from end to end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dialogButton, givePassword, gone, left, path, sessionCookie, shown, signIn, standing, subject,
} from './person.mjs';
import { stage } from './stage.mjs';

const { demo, context: contextWith } = stage();
const IDLE = '6s';

test('the shop asks for a sign-in, and shows the person and the page they asked for', async () => {
  const gateway = await demo({ idle: IDLE });
  const page = await (await contextWith()).newPage();
  await page.goto(`${gateway.url}/claim/2`);
  assert.equal(path(page), '/.tenure/sign-in');
  await signIn(page, gateway, '/claim/2');
  assert.equal(path(page), '/claim/2');
  assert.equal(await subject(page), gateway.username);
});

test('a wrong password is said in plain words, and the right one still works', async () => {
  const gateway = await demo({ idle: IDLE });
  const page = await (await contextWith()).newPage();
  await signIn(page, { ...gateway, password: 'not this one' });
  await page.getByRole('alert').waitFor();
  assert.equal(path(page), '/.tenure/sign-in');
  await givePassword(page, gateway, 'Sign in');
  assert.equal(await subject(page), gateway.username);
});

test('1: the warning comes at the promised moment, and one click gives the whole time back', async () => {
  const gateway = await demo({ idle: IDLE });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway);
  const promised = (await standing(context, gateway)).warn_in_ms;
  const asked = Date.now();
  await shown(page, 'Are you still there?');
  const early = promised - (Date.now() - asked);
  assert.ok(early < 150 && early > -1500, `${early} ms before the promised moment`);

  await dialogButton(page, 'Stay signed in').click();
  await gone(page);
  const { state, idle_remaining_ms: remaining } = await standing(context, gateway);
  assert.equal(state, 'active');
  assert.ok(remaining > 4500, `${remaining} ms after the extension`);
});

test('an ignored warning covers the page; unlocking leads back, with a new token and the old one refused', async () => {
  const gateway = await demo({ idle: IDLE });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway);
  const before = await sessionCookie(context);
  await shown(page, 'Are you still there?');
  await shown(page, 'locked because you were away');

  await page.goto(`${gateway.url}/claim/3`);
  assert.equal(path(page), '/.tenure/unlock');
  assert.match(await page.locator('main').innerText(), /no activity/i);
  await givePassword(page, gateway, 'Unlock');
  assert.equal(path(page), '/claim/3');
  assert.equal(await subject(page), gateway.username);

  const now = await sessionCookie(context);
  assert.notEqual(now.value, before.value);
  const thief = await contextWith();
  await thief.addCookies([before]);
  assert.notEqual((await standing(thief, gateway)).state, 'active', 'the old token stays locked');
  const refused = await thief.request.get(`${gateway.url}/claim/3`, { headers: { accept: 'application/json' } });
  assert.equal(refused.status(), 401);
});

test('nothing of the shop is shown while the session is locked', async () => {
  const gateway = await demo({ idle: IDLE });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway);
  await left(context, gateway);
  for (const place of ['/whoami', '/cart', '/claim/done.json']) {
    const answer = await context.request.get(gateway.url + place, { headers: { accept: 'application/json' } });
    assert.equal(answer.status(), 401, place);
    const problem = await answer.json();
    assert.deepEqual([problem.type, problem.session_state], ['urn:tenure:reason:idle', 'locked'], place);
  }
});

test('without JavaScript: sign in, leave it alone, go on: the unlock page, and back', async () => {
  const gateway = await demo({ idle: IDLE });
  const context = await contextWith({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, gateway);
  assert.equal(await subject(page), gateway.username);
  await left(context, gateway);
  await page.goto(`${gateway.url}/cart`);
  assert.equal(path(page), '/.tenure/unlock');
  await givePassword(page, gateway, 'Unlock');
  assert.equal(path(page), '/cart');
  assert.equal(await subject(page), gateway.username);
});

test('signing out ends the session for good', async () => {
  const gateway = await demo({ idle: IDLE });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway);
  const before = await sessionCookie(context);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL((url) => url.pathname.startsWith('/.tenure/'));
  await context.addCookies([before]);
  await page.goto(`${gateway.url}/cart`);
  assert.equal(path(page), '/.tenure/sign-in');
  assert.match(await page.locator('main').innerText(), /ended by signing out/i);
});

test('the dialog leaves what was typed on the page of the shop as it was', async () => {
  const gateway = await demo({ idle: IDLE });
  const page = await (await contextWith()).newPage();
  await signIn(page, gateway);
  const field = page.locator('input[type=text]').first();
  await field.fill('half a word');
  await shown(page, 'Are you still there?');
  await dialogButton(page, 'Stay signed in').click();
  await gone(page);
  assert.equal(await field.inputValue(), 'half a word');
});
