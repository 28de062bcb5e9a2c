// The real gateway, before the real sample shop: the program as people run it.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, until } from './harness.mjs';

const TENURE = program('TENURE_BIN', 'tenure', 'tenure-cli');
const SHOP = program('TENURE_SHOP_BIN', 'shop', 'tenure-shop');
const running = new Set();

/** Ends every program that was started here, those too whose start failed half-way. */
export const stopAll = () => running.forEach((child) => child.kill('SIGKILL'));
process.on('exit', stopAll);

/** The program that the variable names, or else what cargo built here. */
function program(variable, name, crate) {
  const path = process.env[variable] ?? join(ROOT, 'target/debug', name);
  if (!existsSync(path)) throw new Error(`no program at ${path}: run cargo build -p ${crate}, or set ${variable}`);
  return path;
}

/** Runs a program and keeps what it says. */
function start(path, args) {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => { said.out += text; });
  child.stderr.on('data', (text) => { said.err += text; });
  const ended = new Promise((done) => { child.once('exit', done); });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const stop = async (signal) => {
    child.kill(signal);
    await ended;
  };
  /** What it says once it is ready. */
  const ready = (what, read) => until(what, () => {
    if (child.exitCode !== null) throw new Error(`${what}: the program stopped:\n${said.err}${said.out}`);
    return read(said);
  }, 30_000);
  return { stop, ready };
}

/** `tenure demo`: gateway and shop in one, with limits as short as these. */
export async function startDemo({ idle, absolute = '10m' }) {
  const demo = start(TENURE, ['demo', '--port', '0', '--idle', idle, '--absolute', absolute, '--json']);
  const line = await demo.ready('the demo serves', ({ out }) => out.includes('\n') && out);
  return { ...JSON.parse(line), stop: () => demo.stop('SIGKILL') };
}

/**
 * `tenure serve` before a shop of its own, with a configuration file, a folder of its own, and the account "ada".
 * @param {{ policy: string, routes?: string }} config parts of `tenure.toml`
 */
export async function startServe({ policy, routes = '' }) {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-serve-'));
  const shop = start(SHOP, ['--port', '0']);
  const upstream = (await shop.ready('the shop serves', ({ out }) => out.includes('\n') && out)).trim();
  const file = join(folder, 'tenure.toml');
  const write = (listen) => writeFileSync(file, `[gateway]
listen = "${listen}"
upstream = "${upstream}"
[store]
path = "${join(folder, 'data')}"
[admin]
listen = "127.0.0.1:0"
[log]
format = "json"
[policy]
preset = "custom"
${policy}
${routes}`);
  write('127.0.0.1:0');
  const [username, password] = ['ada', 'a quay of her own'];
  const added = spawnSync(TENURE, ['user', 'add', username, '--password-stdin', '--config', file],
    { input: password, encoding: 'utf8' });
  if (added.status !== 0) throw new Error(`user add failed:\n${added.stderr}`);

  const gateway = { username, password, address: '', admin: '' };
  let serve;
  const begin = async () => {
    serve = start(TENURE, ['serve', '--config', file]);
    const { address, admin } = await serve.ready('the gateway serves', ({ err }) => serving(err));
    Object.assign(gateway, { address: `http://${address}`, admin });
    // Whoever starts it again finds it where browsers look for it.
    write(address);
  };
  await begin();
  return Object.assign(gateway, {
    /** Stops the gateway by a signal, does something `meanwhile`, and starts it again at the same address. */
    restartAfter: async (signal, meanwhile = async () => {}) => {
      await serve.stop(signal);
      await meanwhile();
      await begin();
    },
    adminToken: () => readFileSync(join(folder, 'data/admin-token'), 'utf8').trim(),
    stop: async () => {
      await Promise.all([serve.stop('SIGKILL'), shop.stop('SIGKILL')]);
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

/** The addresses in the log line that says so. */
function serving(log) {
  for (const line of log.split('\n')) {
    if (!line.includes('serving')) continue;
    try {
      const entry = JSON.parse(line);
      const fields = entry.fields ?? entry;
      if (fields.message === 'serving') return fields;
    } catch {
      // The rest of the line has not come yet.
    }
  }
  return undefined;
}

/** Signs in through the form, from the page that was asked for. */
export async function signIn(page, gateway, path = '/claim/1') {
  await page.goto(gateway.address + path);
  await page.getByLabel('Name or email address').fill(gateway.username);
  await givePassword(page, gateway, 'Sign in');
}

/** Fills in the password of the form on the page and presses its button. */
export async function givePassword(page, gateway, button) {
  await page.getByLabel('Password').fill(gateway.password);
  await press(page, button);
}

/** Presses a button that leads to another page, and waits for that page. */
export async function press(page, button) {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: button, exact: true }).click()]);
}

/** What the gateway says about the session of this browser; never activity. */
export async function standing(context, gateway, path = '/') {
  const answer = await context.request.get(`${gateway.address}/.tenure/session?for=${encodeURIComponent(path)}`);
  return answer.json();
}

/** Leaves the session alone until its limit has passed, as the gateway sees it. */
export const left = (context, gateway, state = 'locked') =>
  until(`the session is ${state}`, async () => (await standing(context, gateway)).state === state, 30_000);

/** The cookie of the session. */
export async function sessionCookie(context) {
  return (await context.cookies()).find(({ name }) => /^(__Host-)?tenure$/.test(name));
}

export const dialog = (page) => page.locator('tenure-session dialog[open]');
export const dialogButton = (page, name) => dialog(page).getByRole('button', { name });
export const shown = (page, text) => dialog(page).filter({ hasText: text }).waitFor({ timeout: 20_000 });
export const gone = (page) => dialog(page).waitFor({ state: 'detached', timeout: 10_000 });

export const subject = (page) => page.locator('[data-subject]').innerText();
export const path = (page) => new URL(page.url()).pathname;
