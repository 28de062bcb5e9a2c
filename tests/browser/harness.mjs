// What the browser tests share: a Chromium, the gateway's rendered files, axe, and polling.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const SCREENSHOTS = process.env.TENURE_SCREENSHOTS;
export const WIDTHS = [320, 1280];
export const SCHEMES = /** @type {const} */ (['light', 'dark']);

/** Renders every page and asset of the gateway into a folder of its own. */
export function renderPages() {
  const dir = mkdtempSync(join(tmpdir(), 'tenure-pages-'));
  const args = ['run', '-q', '-p', 'tenure-gateway', '--example', 'render_pages', '--', dir];
  const run = spawnSync('cargo', args, { cwd: ROOT, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`render_pages failed:\n${run.stderr}`);
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** How the Chromium of the system is started, or the one that TENURE_CHROMIUM names. */
function settings() {
  const executablePath = process.env.TENURE_CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`no browser at ${executablePath}: install chromium, or set TENURE_CHROMIUM`);
  }
  return {
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    // Playwright switches the back/forward cache off; it is part of what is tested here.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  };
}

export const launch = async () => chromium.launch(settings());

/** A browser of its own with a profile that outlives it. */
export const launchWithProfile = (profile, options = {}) => chromium.launchPersistentContext(profile, { ...settings(), ...options });

/** Kills the browser of a profile, all its processes at once, as a crash of the machine would. */
export async function killBrowser(profile) {
  const own = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`--user-data-dir=${profile}\0`);
    } catch {
      return false;
    }
  });
  for (const id of own()) process.kill(Number(id), 'SIGKILL');
  await until('the browser has gone', () => own().length === 0);
  for (const name of ['SingletonLock', 'SingletonCookie', 'SingletonSocket']) rmSync(join(profile, name), { force: true });
}

/** A browser of its own whose settings block every cookie. */
export async function launchWithoutCookies(options) {
  const profile = mkdtempSync(join(tmpdir(), 'tenure-profile-'));
  mkdirSync(join(profile, 'Default'));
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(join(profile, 'Default/Preferences'), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, { ...settings(), ...options });
  const close = context.close.bind(context);
  context.close = async () => {
    await close();
    // Its processes may still write while they end.
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  return context;
}

/** The violations of WCAG 2.2 AA that axe finds, as readable lines. */
export async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: { type: 'tag', values: tags } }),
    TAGS,
  );
  return found.violations.flatMap((violation) => violation.nodes.map((node) =>
    `${violation.id}: ${node.target.join(' ')}: ${node.failureSummary ?? violation.help}`));
}

/** Polls `condition` until it gives something truthy. */
export async function until(what, condition, timeout = 10_000) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${timeout} ms: ${what}`);
    await new Promise((wake) => setTimeout(wake, 25));
  }
}
