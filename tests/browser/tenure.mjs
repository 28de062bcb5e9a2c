// Starts the built `tenure`: as `demo`, with short limits before the sample shop, or as `serve` before anything.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, until } from './harness.mjs';

const running = new Set();

/** Ends every program that was started here, those too whose start failed half-way. */
export const stopAll = () => running.forEach((child) => child.kill('SIGKILL'));
process.on('exit', stopAll);

/** Starts a program that does not outlive the tests. */
function begin(path, args, stdio) {
  const child = spawn(path, args, { stdio: ['ignore', ...stdio], env: withoutSettings() });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function program(variable, name, crate) {
  const path = process.env[variable] ?? join(ROOT, 'target/debug', name);
  if (!existsSync(path)) throw new Error(`no program at ${path}: cargo build -p ${crate}, or set ${variable}`);
  return path;
}

/** The built binary, or the one that TENURE_BIN names. */
export const binary = () => program('TENURE_BIN', 'tenure', 'tenure-cli');

/** Starts the sample shop alone; TENURE_SHOP_BIN names another binary. */
export function startShop() {
  const child = begin(program('TENURE_SHOP_BIN', 'shop', 'tenure-shop'), ['--port', '0'], ['pipe', 'inherit']);
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('exit', (code) => reject(new Error(`the shop ended with ${code}`)));
    child.stdout.on('data', (data) => {
      text += data;
      if (text.includes('\n')) resolve({ url: text.trim(), stop: () => child.kill('SIGKILL') });
    });
  });
}

/**
 * @param {{ idle?: string, absolute?: string }} [limits]
 * @returns {Promise<{ url: string, username: string, password: string, stop: () => void }>}
 */
export function startDemo({ idle = '12s', absolute = '10m' } = {}) {
  const args = ['demo', '--port', '0', '--idle', idle, '--absolute', absolute, '--json'];
  const child = begin(binary(), args, ['pipe', 'inherit']);
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

/** A port that was free a moment ago; not one of those that outgoing connections get. */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/**
 * Starts the built `tenure serve` before an application, with one account.
 *
 * @param {string} upstream @param {string} more more lines of the configuration
 */
export async function startGateway(upstream, more = '') {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-gateway-'));
  const [port, admin] = [await freePort(), await freePort()];
  const config = join(folder, 'tenure.toml');
  writeFileSync(config, `
[gateway]
listen = "127.0.0.1:${port}"
upstream = "${upstream}"
[store]
path = "${join(folder, 'data')}"
[admin]
listen = "127.0.0.1:${admin}"
${more}`);
  const account = { username: 'ada', password: 'a long password' };
  let child;
  const run = (args, input = '') => {
    const done = spawnSync(binary(), [...args, '--config', config], { input, env: withoutSettings(), encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
  };
  const gateway = {
    ...account,
    run,
    addUser: (name, password = account.password) => run(['user', 'add', name, '--password-stdin'], `${password}\n`),
    url: `http://127.0.0.1:${port}`,
    async start() {
      child = begin(binary(), ['serve', '--config', config], ['ignore', 'ignore']);
      await until('the gateway is ready', () => fetch(`http://127.0.0.1:${admin}/readyz`).then((answer) => answer.ok, () => false));
    },
    /** As a power cut does, or by another signal. */
    async kill(signal = 'SIGKILL') {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill(signal);
      await gone;
    },
    async stop() {
      await gateway.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  gateway.addUser(account.username);
  await gateway.start();
  return gateway;
}
