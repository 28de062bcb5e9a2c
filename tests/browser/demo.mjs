// Starts the built `tenure demo`: the gateway with short limits before the sample shop.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './harness.mjs';

/** The built binary, or the one that TENURE_BIN names. */
export function binary() {
  const path = process.env.TENURE_BIN ?? join(ROOT, 'target/debug/tenure');
  if (!existsSync(path)) throw new Error(`no binary at ${path}: cargo build -p tenure-cli, or set TENURE_BIN`);
  return path;
}

/**
 * @param {{ idle?: string, absolute?: string }} [limits]
 * @returns {Promise<{ url: string, username: string, password: string, stop: () => void }>}
 */
export function startDemo({ idle = '12s', absolute = '10m' } = {}) {
  const child = spawn(binary(), ['demo', '--port', '0', '--idle', idle, '--absolute', absolute, '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'], env: withoutSettings() });
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('exit', (code) => reject(new Error(`tenure demo ended with ${code}`)));
    child.stdout.on('data', (data) => {
      text += data;
      if (!text.includes('\n')) return;
      const { address, username, password } = JSON.parse(text);
      resolve({ url: address, username, password, stop: () => child.kill('SIGINT') });
    });
  });
}

/** The environment without anything that the gateway would take for a setting. */
export function withoutSettings() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TENURE_')));
}

/** Signs in by the form, as a person does. */
export async function signIn(page, demo, path = '/') {
  await page.goto(demo.url + path);
  await page.getByLabel(/name/i).first().fill(demo.username);
  await page.getByLabel('Password').fill(demo.password);
  await page.getByRole('button', { name: /sign in/i }).click();
  await page.waitForURL(demo.url + path);
}

/** What the gateway says of the session of a page. */
export function session(page) {
  return page.evaluate(() => fetch('/.tenure/session').then((answer) => answer.json()));
}
