// A gateway of a few lines: one session with adjustable deadlines, and the answers the client is promised.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/** Not the usual path, so that a client that does not read its tag is found out. */
export const BASE = '/gate';
const NONCE = 'bm9uY2U';
const CSP = {
  plain: undefined,
  strict: `default-src 'none'; script-src 'nonce-${NONCE}'; connect-src 'self'; frame-src 'self'; base-uri 'none'`,
  dynamic: `default-src 'none'; script-src 'nonce-${NONCE}' 'strict-dynamic'; connect-src 'self'`,
  types: "script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
  closed: `default-src 'none'; script-src 'nonce-${NONCE}'`,
};

export class MockGateway {
  /**
   * @param {string} scripts folder of the client's parts
   * @param {{ idle: number, absolute?: number, warnBefore: number, state?: string }} limits in milliseconds
   */
  constructor(scripts, { idle, absolute = 3_600_000, warnBefore, state = 'active' }) {
    this.scripts = ['client.js', 'late.js', 'words.js'].map((name) => [`${BASE}/${name}`, readFileSync(join(scripts, name))]);
    Object.assign(this, { idle, absolute, warnBefore, state, subject: 'ada', down: false, skew: 0 });
    this.words = {};
    this.count = { session: 0, extend: 0, activity: 0, 'sign-out': 0 };
    this.log = [];
    this.server = createServer((request, response) => this.serve(request, response));
  }

  async start() {
    await new Promise((ready) => this.server.listen(0, '127.0.0.1', ready));
    this.address = `http://127.0.0.1:${this.server.address().port}`;
    this.signedInAt = this.activeAt = this.now();
    return this;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  now() {
    return Date.now() + this.skew;
  }

  remaining() {
    const now = this.now();
    return { idle: this.activeAt + this.idle - now, absolute: this.signedInAt + this.absolute - now };
  }

  /** Locks when a limit has passed, as the gateway would. */
  settle() {
    const { idle, absolute } = this.remaining();
    if (this.state === 'active' && Math.min(idle, absolute) <= 0) {
      this.stopWith('locked', idle <= absolute ? 'idle' : 'absolute', 'Your session is locked because you were away',
        'There was no activity for a while. Your work is kept.');
    }
  }

  stopWith(state, reason, title, message) {
    Object.assign(this, { state, words: { reason, title, message } });
  }

  activity() {
    this.settle();
    if (this.state === 'active') this.activeAt = this.now();
  }

  answer() {
    this.settle();
    if (this.state === 'none') return { state: 'none', reason: 'none' };
    const { idle, absolute } = this.remaining();
    const end = Math.min(idle, absolute);
    const at = (ms) => new Date(this.now() + ms).toISOString();
    return {
      state: this.state, subject: this.subject, ...this.words,
      server_time: at(0), idle_expires_at: at(idle), absolute_expires_at: at(absolute), warn_at: at(end - this.warnBefore),
      idle_remaining_ms: idle, absolute_remaining_ms: absolute, warn_in_ms: end - this.warnBefore,
      warn_before_ms: this.warnBefore, idle_timeout_ms: this.idle,
      unlock_url: `${BASE}/unlock`, why_url: `${BASE}/why`,
    };
  }

  serve(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.address);
    const [, script] = this.scripts.find(([path]) => path === pathname) ?? [];
    if (script) {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
      return;
    }
    if (pathname === `${BASE}/unlock` && (request.method === 'POST' || searchParams.has('frame'))) {
      this.unlock(request, response);
      return;
    }
    const own = pathname.match(/^\/gate\/(session\/extend|session\/activity|session|sign-out)$/)?.[1];
    if (own === 'session' && searchParams.has('wait') && this.state === 'active') this.wait(request, response);
    else if (own) this.own(own.replace('session/', ''), request, response);
    else if (pathname === '/log') {
      this.log.push(searchParams.get('line'));
      response.writeHead(200).end();
    } else this.page(pathname, searchParams, response);
  }

  /** Answers when the session stops, as the gateway does; these questions are not counted. */
  wait(request, response) {
    const timer = setInterval(() => {
      this.settle();
      if (this.state === 'active' && !this.down) return;
      clearInterval(timer);
      if (this.down) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.answer()));
    }, 20);
    response.on('close', () => clearInterval(timer));
  }

  /** The page in the dialog's frame, without a password to check. */
  unlock(request, response) {
    if (request.method === 'POST') {
      Object.assign(this, { state: 'active', words: {}, activeAt: this.now() });
      response.writeHead(303, { location: `${BASE}/unlock?frame=1` }).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><html lang="en"><title>Sign in</title><main>
${this.state === 'locked' ? '<form method="post"><label>Password <input type="password" autofocus></label><button>Sign in again</button></form>' : ''}
</main></html>`);
  }

  own(name, request, response) {
    this.count[name] += 1;
    if (this.down) {
      response.writeHead(503, { 'retry-after': '1', 'content-type': 'application/problem+json' }).end('{}');
      return;
    }
    if (request.method === 'POST' && request.headers['tenure-client'] !== '1') {
      response.writeHead(403).end();
      return;
    }
    if (name === 'sign-out') {
      this.stopWith('ended', 'signed_out', 'You signed out', 'The session was ended by signing out.');
      response.writeHead(303, { location: `${BASE}/signed-out` }).end();
      return;
    }
    if (name !== 'session') this.activity();
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'private, no-cache' });
    response.end(JSON.stringify(this.answer()));
  }

  page(pathname, options, response) {
    const policy = CSP[options.get('csp') ?? 'plain'];
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    if (policy) headers['content-security-policy'] = policy;
    if (options.has('no-store')) headers['cache-control'] = 'no-store';
    const frames = options.has('frames') ? '<iframe src="/frame" title="a"></iframe>'.repeat(5) : '';
    response.writeHead(200, headers).end(`<!doctype html><html lang="en"><head><title>Page ${pathname}</title>
<meta name="viewport" content="width=device-width">
<script src="${BASE}/client.js" nonce="${NONCE}" data-tenure-base="${BASE}"></script></head>
<body><main><h1>A page</h1><label>Text <textarea id="text"></textarea></label><a href="/next">next</a>${frames}</main></body></html>`);
  }
}
