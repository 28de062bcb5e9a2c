// Drafts: what was typed is offered back, to the person who typed it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { firefoxStage, givePassword, launch, leads, offered, path, press, records, saved, signIn, value } from './firefox.mjs';

const { folder, kept, opened } = firefoxStage();
const LASTING = 'idle_timeout = "10m"\nabsolute_timeout = "1h"';

test('11: after the browser was killed while somebody typed, the draft is offered', async () => {
  const { gateway } = await opened({ policy: `${LASTING}\n[policy.remember_me]\nidle_timeout = "1d"\nabsolute_timeout = "7d"` });
  const profile = folder();
  let browser = await launch({ profile });
  let page = await browser.newPage();
  await page.goto(`${gateway.url}/page`);
  await page.type('#username', gateway.username);
  await page.click('#remember, [name=remember]');
  await givePassword(page, gateway);
  await page.type('#words', 'typed before the crash');
  await saved(page);
  await new Promise((closed) => {
    browser.process().once('exit', closed);
    browser.process().kill('SIGKILL');
  });
  browser = await launch({ profile });
  await kept({ stop: () => browser.close() });
  page = await browser.newPage();
  await page.goto(`${gateway.url}/page`);
  if (path(page) !== '/page') await signIn(page, gateway, '/page');
  await offered(page);
  await press(page, 'Restore', 'tenure-drafts');
  await until('it is back', async () => await value(page, '#words') === 'typed before the crash');
});

test('12: a draft that is older than what the server has now is shown beside it', async () => {
  const { app, page } = await opened({ html: '<form method="post" action="/save"><input name="title" value="first"></form>', policy: LASTING });
  await page.focus('[name=title]');
  await page.keyboard.press('End');
  await page.keyboard.type(' and mine');
  await saved(page);
  app.pages['/page'].html = '<form method="post" action="/save"><input name="title" value="theirs"></form>';
  // Not a reload, at which this browser puts back by itself what was typed.
  await page.goto(page.url());
  await offered(page);
  await press(page, 'Show', 'tenure-drafts');
  const texts = await page.evaluate(() => [...document.querySelector('tenure-drafts').shadowRoot.querySelectorAll('pre')].map((one) => one.textContent));
  assert.deepEqual(texts, ['first and mine', 'theirs']);
  assert.equal(await value(page, '[name=title]'), 'theirs');
});

test('13: what is typed into a password field is not kept', async () => {
  const { page } = await opened({ html: '<form><input id="name"><input type="password" id="word"><input autocomplete="one-time-code" id="code"></form>', policy: LASTING });
  for (const id of ['word', 'code']) await page.type(`#${id}`, 'zqsecretzq');
  await page.type('#name', 'ordinary');
  await saved(page);
  const kept = await page.evaluate(async () => {
    const { shelf } = await import('/.tenure/late.js');
    const { subject } = await (await fetch('/.tenure/session')).json();
    return JSON.stringify(await shelf((where) => fetch(`/.tenure${where}`), subject));
  });
  assert.ok(kept.includes('ordinary') && !kept.includes('zqsecretzq'), kept);
});

test('14: signing out with unsent work asks, and leaves no draft', async () => {
  const { page } = await opened({ html: '<textarea id="words"></textarea><form method="post" action="/.tenure/sign-out"><button id="out">Sign out</button></form>', policy: LASTING });
  await page.type('#words', 'not sent yet');
  await saved(page);
  await page.click('#out');
  const asked = () => page.evaluate(() => document.querySelector('tenure-drafts')?.shadowRoot?.querySelector('dialog')?.textContent.includes('was not sent'));
  await until('the question', asked);
  await leads(page, () => press(page, 'Sign out and remove it', 'tenure-drafts'));
  assert.equal(path(page), '/.tenure/signed-out');
  assert.equal(await records(page), 0);
});

test('26: an editor gets its text back as text, line by line', async () => {
  const { page } = await opened({ html: '<div contenteditable="true" id="editor">First</div>', policy: LASTING });
  await page.click('#editor');
  await page.keyboard.press('End');
  await page.keyboard.type(' line <img src=x>');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Second line');
  await saved(page);
  await page.reload();
  await offered(page);
  await press(page, 'Restore', 'tenure-drafts');
  await until('both lines', async () => /First line <img src=x>\s+Second line/.test(await page.$eval('#editor', (editor) => editor.innerText)));
});

test('27: what is typed in a page of 1,000 fields is kept', async () => {
  const { page } = await opened({ html: `<form>${Array.from({ length: 1000 }, (_, n) => `<input name="f${n}">`).join('')}</form>`, policy: LASTING });
  await page.type('[name=f500]', 'words that are kept');
  await saved(page);
});

test('a form that has arrived leaves no draft', async () => {
  const { app, page } = await opened({ html: '<form method="post" action="/save"><input name="title"><button id="save">Save</button></form>', policy: LASTING });
  app.answers['/save'] = (request, response) => { response.writeHead(303, { location: '/other' }).end(); };
  await page.type('[name=title]', 'sent');
  await saved(page);
  await leads(page, () => page.click('#save'));
  assert.equal(path(page), '/other');
  await saved(page, 0);
});
