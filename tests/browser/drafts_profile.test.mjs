// Drafts in the files of a browser: scenarios 11 and 13.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { choose, draftsStage, offered, saved, settled } from './drafts_stage.mjs';
import { killBrowser, launchWithProfile, until } from './harness.mjs';
import { signIn } from './person.mjs';

const { begin, kept } = draftsStage();

/** The files of a folder that hold a text, in one of the encodings of browsers. */
function filesWith(folder, word) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).filter((entry) => {
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    return bytes.includes(word) || bytes.includes(Buffer.from(word, 'utf16le'));
  }).map((entry) => join(entry.parentPath, entry.name).slice(folder.length));
}

/** A profile of its own, which goes when the test ends. */
async function profile() {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-profile-'));
  await kept({ stop: () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }) });
  return folder;
}

test('11: after the browser was killed while somebody typed, the draft is offered', async () => {
  const folder = await profile();
  // Chromium writes new cookies to the disk within half a minute, or when it is closed.
  const earlier = await launchWithProfile(folder);
  const { gateway } = await begin({ context: earlier });
  await earlier.close();
  const first = await launchWithProfile(folder);
  const page = await first.newPage();
  await signIn(page, gateway, '/form');
  await page.getByLabel('Text').pressSequentially('written before the crash');
  await saved(page);
  await settled(page);
  await killBrowser(folder);
  const second = await launchWithProfile(folder);
  await kept({ stop: () => second.close() });
  const again = await second.newPage();
  await signIn(again, gateway, '/form');
  await offered(again);
  await choose(again, 'Restore');
  await until('restored', async () => (await again.getByLabel('Text').inputValue()).startsWith('written before'));
});

test('13: passwords, cards and codes are nowhere in the profile, and what is kept is not readable there', async () => {
  const folder = await profile();
  const context = await launchWithProfile(folder);
  await kept({ stop: () => context.close() });
  const { page } = await begin({ context, at: '/secrets' });
  const secret = ['Password', 'New', 'Code', 'Card', 'Off', 'Marked', 'Whole form'];
  for (const label of secret) await page.getByLabel(label, { exact: true }).pressSequentially(`zq${label.replace(' ', '')}zq`);
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByLabel('Password').pressSequentially('zqshownzq');
  await page.getByLabel('Name').pressSequentially('zqordinaryzq');
  await saved(page);
  await settled(page);
  const labels = await page.evaluate(async () => {
    const { shelf } = await import('/.tenure/late.js');
    const { subject } = await (await fetch('/.tenure/session')).json();
    return (await shelf((path) => fetch(`/.tenure${path}`), subject)).map(({ fields }) => fields);
  });
  assert.deepEqual(labels, [{ 'text|name||0': { v: 'zqordinaryzq', o: '' } }], 'one field, and no other');
  await context.close();
  assert.notDeepEqual(filesWith(folder, 'tenure'), [], 'the profile was searched');
  for (const word of [...secret.map((label) => `zq${label.replace(' ', '')}zq`), 'zqshownzq', 'zqordinaryzq']) {
    // Chromium itself writes the plain fields of open pages, as they are, into its own files for restoring windows.
    const files = filesWith(folder, word).filter((file) => !file.startsWith('/Default/Sessions/'));
    assert.deepEqual(files, [], `${word} is in the profile`);
  }
});
