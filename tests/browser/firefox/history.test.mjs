// Back, after the session came to an end or was locked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { firefoxStage, isCovered, leads, path, said, shown, unlockInPlace, value } from './firefox.mjs';

const { opened } = firefoxStage();
const LASTING = 'idle_timeout = "10m"\nabsolute_timeout = "1h"';
const LOCKED = 'locked because you were away';
const FIELDS = Array.from({ length: 40 }, (_, n) => `field${n}`);
const FORM = `<form method="post" action="/save">${FIELDS.map((name) => `<label>${name} <input name="${name}"></label>`).join('')}<button id="save">Save</button></form>`;

test('15: going back after signing out shows nothing protected', async () => {
  const { page } = await opened({ html: '<p>protected words</p><form method="post" action="/.tenure/sign-out"><button id="out">Sign out</button></form>', policy: LASTING });
  await leads(page, () => page.click('#out'));
  await page.evaluate(() => { history.back(); });
  await until('it is covered', async () => await isCovered(page) || path(page) === '/.tenure/sign-in');
});

test('16: back at a form after an unlock elsewhere, it is sent as it was left', async () => {
  const { app, gateway, page } = await opened({ html: `${FORM}<a id="away" href="/other">away</a>` });
  await page.type('[name=field3]', 'typed before');
  await leads(page, () => page.click('#away'));
  await shown(page, LOCKED);
  await unlockInPlace(page, gateway);
  await page.evaluate(() => { history.back(); });
  await until('the form', () => path(page) === '/page');
  await until('it can be used', async () => await said(page).catch(() => 'x') === '' && await value(page, '[name=field3]').catch(() => '') === 'typed before');
  await leads(page, () => page.click('#save'));
  assert.equal(new URLSearchParams(app.reached('/save')[0].body).get('field3'), 'typed before');
});
