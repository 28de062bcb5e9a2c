// Unlocking in place: the page stays as it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { firefoxStage, gone, leads, press, shown, signIn, unlockInPlace, value } from './firefox.mjs';

const { opened } = firefoxStage();
const LASTING = 'idle_timeout = "10m"\nabsolute_timeout = "1h"';
const LOCKED = 'locked because you were away';
const FIELDS = Array.from({ length: 40 }, (_, n) => `field${n}`);
const FORM = `<form method="post" action="/save">${FIELDS.map((name) => `<label>${name} <input name="${name}"></label>`).join('')}<button id="save">Save</button></form>`;

test('7: the idle limit hits in the middle of a form of forty fields, and each of them arrives once', async () => {
  const { app, gateway, page } = await opened({ html: FORM });
  await page.evaluate((names) => { for (const name of names) document.querySelector(`[name=${name}]`).value = `${name} is here`; }, FIELDS.slice(1));
  await page.type('[name=field0]', 'field0 is here');
  await shown(page, LOCKED);
  await unlockInPlace(page, gateway);
  await leads(page, () => page.click('#save'));
  const sent = new URLSearchParams(app.reached('/save')[0].body);
  assert.deepEqual(FIELDS.map((name) => sent.getAll(name)), FIELDS.map((name) => [`${name} is here`]));
  assert.equal(app.reached('/save').length, 1);
});

test('10: when another person signs in, nothing of the first is shown or sent', async () => {
  const { app, gateway, page, context } = await opened();
  gateway.addUser('grace');
  await page.type('#words', 'a secret of the first');
  await shown(page, LOCKED);
  await page.evaluate(() => { fetch('/api/first', { method: 'POST', body: 'secret' }); });
  const other = await context.newPage();
  await signIn(other, { ...gateway, url: gateway.url }, '/.tenure/sign-in?return_to=/other', 'grace');
  await page.bringToFront();
  await shown(page, 'Somebody else is signed in now');
  assert.equal(app.reached('/api').length, 0);
});

test('17: ten calls meet the lock: one dialog, ten answers, in order, each at the application once', async () => {
  const { app, gateway, page } = await opened();
  await shown(page, LOCKED);
  await page.evaluate(() => {
    Reflect.set(window, 'all', Promise.all(Array.from({ length: 10 }, (_, n) => fetch(`/api/${n}`, { method: 'POST', body: `${n}` }).then(({ status }) => status))));
  });
  await unlockInPlace(page, gateway);
  assert.deepEqual(await page.evaluate(() => Reflect.get(window, 'all')), Array(10).fill(200));
  assert.deepEqual(app.reached('/api').map((entry) => entry.path), Array.from({ length: 10 }, (_, n) => `/api/${n}`));
});

test('18: a call that reached the application is not sent twice, whatever it is answered', async () => {
  const { app, page } = await opened({ policy: LASTING });
  app.answers['/api/own'] = (request, response) => { response.writeHead(401, { 'tenure-not-forwarded': '1' }).end(); };
  assert.equal(await page.evaluate(() => fetch('/api/own', { method: 'POST', body: 'x' }).then(({ status }) => status)), 401);
  assert.equal(app.reached('/api/own').length, 1);
});

test('19: the event stream of a chat goes on after the unlock, with the half-written prompt intact', async () => {
  const { app, gateway, page } = await opened();
  let streams = 0;
  app.answers['/events'] = (request, response) => {
    streams += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`id: ${streams}\ndata: ${streams}\n\n`);
  };
  await page.evaluate(() => {
    const heard = [];
    Reflect.set(window, 'heard', heard);
    const source = new EventSource('/events');
    source.onmessage = ({ data }) => heard.push(data);
  });
  await page.type('#words', 'half a prompt');
  await shown(page, LOCKED);
  await unlockInPlace(page, gateway);
  await until('it goes on', async () => (await page.evaluate(() => Reflect.get(window, 'heard'))).length === 2);
  assert.equal(await value(page, '#words'), 'half a prompt');
});

for (const [number, policy] of [
  [24, "default-src 'none'; script-src 'nonce-bm9uY2U'; connect-src 'self'; frame-src 'self'"],
  [25, "script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"],
]) {
  test(`${number}: the page is unlocked in place under "${policy}"`, async () => {
    const { gateway, page } = await opened({ headers: { 'content-security-policy': policy } });
    await page.type('#words', 'half a sentence');
    await shown(page, LOCKED);
    await unlockInPlace(page, gateway);
    assert.equal(await value(page, '#words'), 'half a sentence');
  });
}

test('28: by keyboard alone: put off, come back, sign in, and go on where one was', async () => {
  const { gateway, page } = await opened();
  const inTheField = () => page.evaluate(() => {
    const frame = document.querySelector('tenure-session')?.shadowRoot?.querySelector('iframe');
    return frame?.contentDocument?.activeElement?.id === 'password';
  });
  await page.type('#words', 'half a sentence');
  await shown(page, LOCKED);
  await until('the password field has the focus', inTheField);
  await page.keyboard.press('Escape');
  await shown(page, 'This page is locked');
  await page.keyboard.press('Enter');
  await shown(page, LOCKED);
  await until('the password field has the focus', inTheField);
  await page.keyboard.type(gateway.password);
  await page.keyboard.press('Enter');
  await gone(page);
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'words');
  await page.keyboard.type(' and the rest');
  assert.equal(await value(page, '#words'), 'half a sentence and the rest');
});
