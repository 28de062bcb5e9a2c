// A real application that lives on WebSockets: JupyterLab from PyPI, as it comes. The kernel's socket stays up while
// somebody works, for many times the idle limit; it is closed with the reason when they are gone; and after the
// unlock the same kernel answers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT, launch, until } from './harness.mjs';
import { dialogButton, gone, unlockInPlace } from './person.mjs';
import { freePort, session, signIn, startGateway } from './tenure.mjs';

const PROGRAM = process.env.TENURE_JUPYTER ?? join(ROOT, 'target/tools-jupyter/bin/jupyter-lab');
/** JupyterLab asks for these by itself, whether somebody is there or not: see docs/guide/jupyterlab.md. */
const POLLED = ['/api/*', '/lab/api/*'];
const IDLE_MS = 6000;
const LIMITS = `
[policy]
preset = "custom"
idle_timeout = "${IDLE_MS / 1000}s"
warn_before = "3s"
${POLLED.map((path) => `[[route]]\npath = "${path}"\naccess = "passive"`).join('\n')}
`;

let browser;
let lab;
let gateway;
before(async () => {
  lab = await startLab();
  [browser, gateway] = await Promise.all([launch(), startGateway(lab.url, LIMITS)]);
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  lab?.stop();
});

/** JupyterLab with a folder of its own, and a notebook in it. */
async function startLab() {
  if (!existsSync(PROGRAM)) throw new Error(`no JupyterLab at ${PROGRAM}: scripts/setup, or set TENURE_JUPYTER`);
  const folder = mkdtempSync(join(tmpdir(), 'tenure-jupyter-'));
  mkdirSync(join(folder, 'work'));
  const cell = { cell_type: 'code', id: 'first', execution_count: null, metadata: {}, outputs: [], source: '' };
  const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
  writeFileSync(join(folder, 'work/tides.ipynb'),
    JSON.stringify({ cells: [cell], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 }));
  const port = await freePort();
  const child = spawn(PROGRAM, ['--no-browser', '--allow-root', `--port=${port}`, '--ServerApp.port_retries=0',
    `--ServerApp.root_dir=${join(folder, 'work')}`, '--IdentityProvider.token=', '--ServerApp.allow_remote_access=True',
    '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate', '--LabApp.news_url=None'],
  { stdio: 'ignore', env: { ...process.env, HOME: folder, JUPYTER_CONFIG_DIR: folder, JUPYTER_DATA_DIR: folder, JUPYTER_RUNTIME_DIR: folder, IPYTHONDIR: folder } });
  const url = `http://127.0.0.1:${port}`;
  await until('JupyterLab answers', () => fetch(`${url}/api/status`).then((answer) => answer.ok, () => false), 60_000);
  // What is asked here does not pass the gateway.
  const ask = (path) => fetch(`${url}/api/${path}`).then((answer) => answer.json());
  return { url, ask, stop: () => { child.kill('SIGKILL'); rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }); } };
}

/** The sockets of the page, with what they brought, and the code and reason of those that were closed. */
async function watched(context) {
  await context.addInitScript(() => {
    const sockets = [];
    Reflect.set(window, 'sockets', sockets);
    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket {
      constructor(...args) {
        super(...args);
        const seen = { of: this.url.includes('/channels') ? 'the kernel' : 'events', open: true, heard: 0 };
        sockets.push(seen);
        this.addEventListener('message', () => { seen.heard += 1; });
        this.addEventListener('close', ({ code, reason }) => Object.assign(seen, { open: false, code, reason }));
      }
    };
  });
}

const sockets = (page) => page.evaluate(() => Reflect.get(window, 'sockets'));
const shown = (page, text) => page.locator('.jp-OutputArea-output', { hasText: text }).count();

/** Waits for something as somebody who is there: the mouse moves now and then. */
function meanwhile(page, what, condition, timeout = 60_000) {
  let moves = 0;
  return until(what, async () => {
    moves += 1;
    await page.mouse.move(600 + (moves % 40), 300);
    return condition();
  }, timeout);
}

async function run(page, code) {
  await page.keyboard.type(code);
  await page.keyboard.press('Shift+Enter');
}

test('a kernel and its socket outlive the idle limit while somebody is there, and a lock when nobody is', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await watched(context);
  const page = await context.newPage();
  await signIn(page, gateway, '/lab/tree/tides.ipynb');
  const cell = page.locator('.jp-Notebook .jp-CodeCell .cm-content').first();
  await meanwhile(page, 'the notebook', () => cell.isVisible());
  const idle = page.getByText('Python 3 (ipykernel) | Idle');
  await meanwhile(page, 'the kernel', () => idle.isVisible());
  await cell.click();
  await run(page, 'x = 41');
  await run(page, 'x + 1');
  await meanwhile(page, 'the kernel answers', () => shown(page, '42'));
  const [{ id: kernel }] = await lab.ask('kernels');

  const { absolute_remaining_ms: before } = await session(page);
  await meanwhile(page, 'three idle limits', async () => before - (await session(page)).absolute_remaining_ms > 3 * IDLE_MS);
  await dialogButton(page, 'Stay signed in').click({ timeout: 15_000 });
  await gone(page);
  await page.locator('.jp-Notebook .jp-CodeCell .cm-content').last().click();
  await run(page, 'x * 100');
  await meanwhile(page, 'the kernel answers', () => shown(page, '4100'));
  const open = await sockets(page);
  assert.deepEqual(open.map(({ of }) => of).sort(), ['events', 'the kernel'], 'the two from the beginning');
  assert.ok(open.every((socket) => socket.open));

  // A cell is left running, half a line is typed, and then nobody is there.
  await run(page, `import time; time.sleep(${IDLE_MS / 1000 + 4}); print("ebb", "and", "flow")`);
  await page.keyboard.type('"high tide at", x + 2');
  await until('the lock', async () => (await session(page)).state === 'locked', 25_000);
  const closed = await until('the sockets are closed', async () => {
    const first = (await sockets(page)).slice(0, 2);
    return first.every((socket) => !socket.open) && first;
  });
  assert.deepEqual(closed.map(({ code, reason }) => [code, reason]), [[4401, 'idle'], [4401, 'idle']]);
  const idleAlone = ({ connections, execution_state: state }) => connections === 0 && state === 'idle';
  await until('the cell has run, with nobody to hear it', async () => idleAlone((await lab.ask('kernels'))[0]), 20_000);
  const heard = (await sockets(page)).map((socket) => socket.heard);
  assert.deepEqual(heard, [...closed.map((socket) => socket.heard), ...heard.slice(2).fill(0)], 'nothing passes a lock');
  assert.equal(await shown(page, 'ebb and flow'), 0);
  const refused = await context.request.get(`${gateway.url}/api/kernels`);
  assert.equal(refused.status(), 401);

  // The calls and sockets of JupyterLab wait for the unlock, so it never learns that there was a lock.
  await unlockInPlace(page, gateway);
  await meanwhile(page, 'what the cell wrote meanwhile', () => shown(page, 'ebb and flow'));
  await page.locator('.jp-Notebook .jp-CodeCell .cm-content', { hasText: 'high tide' }).click();
  await page.keyboard.press('Shift+Enter');
  await meanwhile(page, 'the same kernel answers', () => shown(page, "('high tide at', 43)"));
  assert.equal(await page.locator('.jp-Dialog').count(), 0, 'JupyterLab has nothing to complain about');
  await page.keyboard.press('Control+s');
  await meanwhile(page, 'the notebook is saved', async () => {
    const notebook = await lab.ask('contents/tides.ipynb');
    return JSON.stringify(notebook.content).includes('high tide at');
  });
  assert.deepEqual((await lab.ask('kernels')).map(({ id }) => id), [kernel]);
  await context.close();
});
