// Trigger 2: the absolute limit, from the warning to the new clocks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dialog, dialogButton, givePassword, gone, left, path, sessionCookie, shown, signIn, signInForm, standing, subject, unlockInPlace,
} from './person.mjs';
import { until } from './harness.mjs';
import { stage } from './stage.mjs';

const { serve, context: contextWith } = stage();
const LIMITS = { policy: 'idle_timeout = "8s"\nabsolute_timeout = "8s"\nwarn_before = "5s"' };

test('near the absolute limit the person is offered a new sign-in, and both clocks begin again', async () => {
  const gateway = await serve({ policy: 'idle_timeout = "15s"\nabsolute_timeout = "15s"\nwarn_before = "12s"' });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/claim/3');
  const before = await sessionCookie(context);
  await page.locator('textarea').first().fill('half a sentence');
  await shown(page, 'cannot be extended');
  assert.equal(await dialogButton(page, 'Stay signed in').count(), 0);
  await dialogButton(page, 'Sign in again now').click();
  const form = signInForm(page);
  await form.getByLabel('Password').fill('not this one');
  await form.getByRole('button', { name: 'Sign in again' }).click();
  await form.getByText(/password doesn.t match/).waitFor();
  await unlockInPlace(page, gateway);
  assert.equal(await page.locator('textarea').first().inputValue(), 'half a sentence', 'the page stayed');

  const now = await standing(context, gateway);
  assert.equal(now.state, 'active');
  assert.ok(now.absolute_remaining_ms > 9000 && now.absolute_remaining_ms <= 15_000, `${now.absolute_remaining_ms} ms`);
  assert.ok(now.idle_remaining_ms > 9000, `${now.idle_remaining_ms} ms`);
  assert.notEqual((await sessionCookie(context)).value, before.value);
});

test('without the client, the page to sign in ahead of the absolute limit asks for the password', async () => {
  const gateway = await serve(LIMITS);
  const context = await contextWith({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, gateway, '/claim/2');
  await until('it is time to warn', async () => (await standing(context, gateway)).warn_in_ms <= 0);
  await page.goto(`${gateway.url}/.tenure/unlock?return_to=/claim/2`);
  await givePassword(page, gateway, 'Confirm');
  assert.equal(path(page), '/claim/2');
  const { absolute_remaining_ms: absolute } = await standing(context, gateway);
  assert.ok(absolute > 5000, `${absolute} ms`);
});

test('however busy a person is, the absolute limit locks; the password brings them back', async () => {
  const gateway = await serve(LIMITS);
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/poll');
  await left(context, gateway);
  assert.equal((await standing(context, gateway)).reason, 'absolute');
  await shown(page, 'It is time to sign in again');
  await page.goto(`${gateway.url}/claim/2`);
  assert.equal(path(page), '/.tenure/unlock');
  await givePassword(page, gateway, 'Unlock');
  assert.equal(path(page), '/claim/2');
  assert.equal(await subject(page), gateway.username);
  const { absolute_remaining_ms: absolute } = await standing(context, gateway);
  assert.ok(absolute > 5000, `${absolute} ms`);
});

test('the dialog of the absolute limit can be put off, and the page goes on until the limit', async () => {
  const gateway = await serve(LIMITS);
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/claim/3');
  await shown(page, 'cannot be extended');
  await dialogButton(page, 'Not now').click();
  await gone(page);
  await page.locator('textarea').first().fill('the last words');
  await shown(page, 'It is time to sign in again');
  assert.equal(await dialog(page).count(), 1);
  assert.equal(await page.locator('textarea').first().inputValue(), 'the last words');
});
