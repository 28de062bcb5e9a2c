// A real application that knows nothing of Tenure: DokuWiki from its Debian package, as it comes. Sign in, edit a
// long page, idle until locked, unlock, save: every word is there. And the gateway is killed meanwhile.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, until } from './harness.mjs';
import { freePort, session, signIn, startGateway } from './tenure.mjs';

const PACKAGE = '/usr/share/dokuwiki';
const LIMITS = `
[policy]
preset = "custom"
idle_timeout = "10s"
warn_before = "4s"
[[route]]
path = "/lib/exe/taskrunner.php"
access = "passive"
`;

let browser;
let wiki;
let gateway;
before(async () => {
  wiki = await startWiki();
  [browser, gateway] = await Promise.all([launch(), startGateway(wiki.url, LIMITS)]);
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  wiki?.stop();
});

/** DokuWiki with a folder of its own for pages and settings. */
async function startWiki() {
  if (!existsSync(PACKAGE)) throw new Error('DokuWiki is not installed: scripts/setup, or apt-get install dokuwiki php-cli');
  const folder = mkdtempSync(join(tmpdir(), 'tenure-dokuwiki-'));
  cpSync(PACKAGE, folder, { recursive: true, dereference: true, filter: (path) => !path.endsWith('/preload.php') && !path.includes('.htaccess') });
  cpSync('/etc/dokuwiki', join(folder, 'conf'), { recursive: true, dereference: true, filter: (path) => !path.includes('htaccess') });
  for (const part of ['pages', 'meta', 'media', 'cache', 'attic', 'index', 'locks', 'log', 'media_attic', 'media_meta', 'tmp']) {
    mkdirSync(join(folder, 'data', part), { recursive: true });
  }
  writeFileSync(join(folder, 'conf/local.php'), "<?php\n$conf['useacl'] = 0;\n$conf['savedir'] = './data';\n$conf['license'] = '0';\n");
  const port = await freePort();
  const child = spawn('php', ['-S', `127.0.0.1:${port}`, '-t', folder], { stdio: 'ignore', env: { ...process.env, PHP_CLI_SERVER_WORKERS: '4' } });
  const url = `http://127.0.0.1:${port}`;
  await until('DokuWiki answers', () => fetch(`${url}/doku.php`).then((answer) => answer.ok, () => false), 30_000);
  return { url, stop: () => { child.kill('SIGKILL'); rmSync(folder, { recursive: true, force: true }); } };
}

test('a long page is edited across a lock and a crash of the gateway, and saved whole', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await signIn(page, gateway, '/doku.php?id=harbour&do=edit');
  const lines = Array.from({ length: 400 }, (_, number) => `  * mooring ${number} is checked`);
  const text = page.locator('#wiki__text');
  await text.fill(lines.join('\n'));

  // Nobody is there. The wiki's page stays, covered by a word on why.
  await until('the lock', async () => (await session(page)).state === 'locked', 25_000);
  await page.getByRole('dialog').getByText(/locked/i).first().waitFor();

  await gateway.kill();
  await gateway.start();
  assert.equal((await session(page)).state, 'locked', 'a lock outlives a crash');

  // Unlocked in another tab, so that the page with the work is left alone.
  const other = await context.newPage();
  await other.goto(`${gateway.url}/.tenure/unlock`);
  await other.getByLabel('Password').fill(gateway.password);
  await other.getByRole('button', { name: 'Unlock' }).click();
  await other.waitForURL(`${gateway.url}/`);
  await other.close();
  await page.bringToFront();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });

  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/id=harbour/);
  await page.getByText('mooring 399 is checked').waitFor();
  const saved = await page.locator('#dokuwiki__content li').allInnerTexts();
  assert.deepEqual(saved.map((line) => `  * ${line.trim()}`), lines);
  await context.close();
});
