// What is sent while the session is locked, without JavaScript.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { firefoxStage, givePassword, launch, leads, path, pressKey, signIn } from './firefox.mjs';

const { folder, kept, opened } = firefoxStage();

test('8, 9: without JavaScript, a form with a file meets the lock, and arrives once, byte for byte', async () => {
  const browser = await launch({ preferences: { 'javascript.enabled': false } });
  await kept({ stop: () => browser.close() });
  const html = '<form method="post" action="/save" enctype="multipart/form-data"><textarea name="text" id="text"></textarea><input type="file" name="file"><button id="save">Save</button></form>';
  const { app, gateway } = await opened({ html });
  const page = await browser.newPage();
  await signIn(page, gateway, '/page');
  const file = join(folder(), 'hull.jpg');
  const bytes = randomBytes(2 * 1024 * 1024);
  writeFileSync(file, bytes);
  await page.type('#text', 'Below the waterline');
  await (await page.$('[type=file]')).uploadFile(file);
  // A page without JavaScript can't ask, so its cookies are lent.
  const cookie = (await browser.cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
  const asked = async () => (await fetch(`${gateway.url}/.tenure/session?for=/page`, { headers: { cookie } })).json();
  await until('the session is locked', async () => (await asked()).state === 'locked', 30_000);
  await leads(page, () => pressKey(page, '#save'));
  assert.equal(path(page), '/.tenure/unlock');
  await givePassword(page, gateway);
  assert.match(path(page), /^\/\.tenure\/kept\/kept_[0-9a-f]{32}$/);
  const told = await page.$eval('main', (main) => main.innerText);
  for (const text of ['/save', 'Below the waterline', 'hull.jpg, 2 MiB']) assert.ok(told.includes(text), told);
  assert.equal(app.reached('/save').length, 0, 'nothing is sent by itself');
  await leads(page, () => pressKey(page, 'button.primary'));
  assert.equal(app.reached('/save').length, 1);
  assert.ok(app.reached('/save')[0].body.includes(bytes.toString('latin1')));
});
