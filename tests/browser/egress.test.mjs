// Chromium behind the egress: pages, WebSockets and downloads come from the account's address, and from no other.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, until } from './harness.mjs';
import { binary } from './tenure.mjs';

const ADDRESSES = ['127.0.3.51', '127.0.3.52'];

let folder, egress, site, port, secrets, browser;
/** Who asked the site for what. */
const visits = [];

before(async () => {
  site = createServer((request, response) => {
    visits.push({ from: request.socket.remoteAddress, path: request.url });
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>site</title><p id="from">${request.socket.remoteAddress}</p>`);
  });
  site.on('upgrade', (request, socket) => {
    visits.push({ from: request.socket.remoteAddress, path: request.url });
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
      + `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`);
    const words = Buffer.from(request.socket.remoteAddress);
    socket.write(Buffer.concat([Buffer.from([0x81, words.length]), words]));
  });
  await new Promise((ready) => site.listen(0, '127.0.0.1', ready));
  port = await freePort();
  folder = mkdtempSync(join(tmpdir(), 'tenure-egress-'));
  const tables = ADDRESSES.map((address) => `[[egress.address]]\naddress = "${address}"\n`).join('');
  writeFileSync(join(folder, 'tenure.toml'),
    `[egress]\nlisten = "127.0.0.1:${port}"\nallow = ["127.0.0.0/8"]\n${tables}`);
  secrets = Object.fromEntries(['ada', 'bob'].map((name) => {
    const added = execFileSync(binary(), ['egress', 'accounts', 'add', name, '--json'], { cwd: folder, encoding: 'utf8' });
    return [name, JSON.parse(added).secret];
  }));
  egress = spawn(binary(), ['egress'], { cwd: folder, stdio: 'ignore' });
  await until('the egress serves', () => reaches(port));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  egress?.kill('SIGKILL');
  site?.close();
  site?.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

function freePort() {
  return new Promise((found) => {
    const server = createTcpServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => found(free));
    });
  });
}

function reaches(to) {
  return new Promise((done) => {
    const socket = connect(to, '127.0.0.1', () => { socket.destroy(); done(true); }).on('error', () => done(false));
  });
}

/** A person whose browser leaves by an account. */
const person = (name, secret = secrets[name]) => browser.newContext({
  // Without the bypass rule, Chromium goes to loopback directly.
  proxy: { server: `http://127.0.0.1:${port}`, username: name, password: secret, bypass: '<-loopback>' },
});

const origin = () => `http://127.0.0.1:${site.address().port}`;

test('two people in one browser are seen from their own addresses, page and WebSocket alike', async () => {
  for (const [index, name] of ['ada', 'bob'].entries()) {
    const context = await person(name);
    const page = await context.newPage();
    for (let round = 0; round < 3; round += 1) {
      await page.goto(`${origin()}/${name}/${round}`);
      assert.equal(await page.textContent('#from'), ADDRESSES[index]);
    }
    const heard = await page.evaluate((url) => new Promise((done, failed) => {
      const socket = new WebSocket(url);
      socket.onmessage = (event) => done(event.data);
      socket.onerror = () => failed(new Error('the WebSocket failed'));
    }), `${origin().replace('http', 'ws')}/${name}/socket`);
    assert.equal(heard, ADDRESSES[index]);
    await context.close();
  }
  for (const [index, name] of ['ada', 'bob'].entries()) {
    const from = visits.filter(({ path }) => path.startsWith(`/${name}/`)).map((visit) => visit.from);
    assert.deepEqual([...new Set(from)], [ADDRESSES[index]], name);
    assert.ok(from.length >= 4);
  }
});

test('a wrong secret shows no page and reaches no site', async () => {
  const before = visits.length;
  const context = await person('ada', 'guessed');
  const page = await context.newPage();
  const went = await page.goto(`${origin()}/wrong`).catch((error) => error);
  assert.ok(went instanceof Error || went.status() === 407, String(went));
  assert.equal(visits.length, before);
  await context.close();
});
