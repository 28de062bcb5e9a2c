// Trigger 6: a session outlives the process that serves it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialog, givePassword, left, path, sessionCookie, signIn, standing, subject } from './person.mjs';
import { stage } from './stage.mjs';

const { serve, context: contextWith } = stage();
const POLICY = 'idle_timeout = "20m"\nabsolute_timeout = "1h"';

for (const [name, signal] of [['killed', 'SIGKILL'], ['stopped', 'SIGTERM']]) {
  test(`29: a gateway that was ${name} and started again knows the session, and nobody signs in again`, async () => {
    const gateway = await serve({ policy: POLICY });
    const context = await contextWith();
    const page = await context.newPage();
    await signIn(page, gateway, '/claim/3');
    await page.locator('textarea').first().fill('written before');
    const { value } = await sessionCookie(context);
    await gateway.kill(signal);
    await gateway.start();
    await page.getByRole('button', { name: 'Save and go on' }).click();
    await page.waitForURL('**/claim/4');
    assert.equal(await subject(page), gateway.username);
    assert.equal((await sessionCookie(context)).value, value);
  });
}

test('29: while the gateway is away the page says nothing of an ending, and afterwards goes on', async () => {
  const gateway = await serve({ policy: POLICY });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/claim/3');
  await page.locator('textarea').first().fill('half a sentence');
  await gateway.kill();
  await page.evaluate(async () => {
    dispatchEvent(new Event('focus'));
    await fetch('/.tenure/session').catch(() => {});
  });
  assert.equal(await dialog(page).count(), 0);
  await gateway.start();
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  assert.equal((await standing(context, gateway)).state, 'active');
  assert.equal(await dialog(page).count(), 0);
  assert.equal(await page.locator('textarea').first().inputValue(), 'half a sentence');
});

test('a session that was signed out stays ended after a kill', async () => {
  const gateway = await serve({ policy: POLICY });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/cart');
  const cookie = await sessionCookie(context);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/.tenure/signed-out');
  await gateway.kill();
  await gateway.start();
  await context.addCookies([cookie]);
  const { state, reason } = await standing(context, gateway);
  assert.deepEqual([state, reason], ['ended', 'signed_out']);
});

test('a locked session is still locked after a kill, and the password opens it', async () => {
  const gateway = await serve({ policy: 'idle_timeout = "3s"\nabsolute_timeout = "1h"\nwarn_before = "1s"' });
  const context = await contextWith();
  const page = await context.newPage();
  await signIn(page, gateway, '/cart');
  await left(context, gateway);
  await gateway.kill();
  await gateway.start();
  await page.goto(`${gateway.url}/claim/2`);
  assert.equal(path(page), '/.tenure/unlock');
  await givePassword(page, gateway, 'Unlock');
  assert.equal(path(page), '/claim/2');
});
