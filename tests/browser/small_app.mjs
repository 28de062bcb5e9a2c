// An application of a few lines: pages with what a test puts into them, and a log of everything that reached it.

import { createServer } from 'node:http';

export class SmallApp {
  /** Every request but those for pages, in the order of arrival. */
  log = [];
  /** Answers of its own, by path. */
  answers = {};
  /** Pages, by path: `{ html, headers }`. */
  pages = {};

  async start() {
    this.server = createServer((request, response) => this.serve(request, response));
    await new Promise((ready) => this.server.listen(0, '127.0.0.1', ready));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  async serve(request, response) {
    const { pathname } = new URL(request.url, this.url);
    const page = this.pages[pathname];
    if (page && request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...page.headers });
      response.end(`<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>${pathname}</title>
${page.head ?? ''}</head><body><main><h1>A page of the application</h1>${page.html ?? ''}</main></body></html>`);
      return;
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const entry = { method: request.method, path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString('latin1') };
    this.log.push(entry);
    const answer = this.answers[pathname];
    if (answer) answer(request, response, entry);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ number: this.log.length, body: entry.body.length }));
  }

  /** What reached it below a path. */
  reached = (path) => this.log.filter((entry) => entry.path.startsWith(path));
}
