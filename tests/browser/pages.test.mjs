// Every page of the gateway, at both widths and in both colour schemes, against WCAG 2.2 AA.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SCHEMES, SCREENSHOTS, WIDTHS, launch, renderPages, violations } from './harness.mjs';

const POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
  + "frame-ancestors 'self'; base-uri 'none'";
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css', svg: 'image/svg+xml', js: 'text/javascript' };

const rendered = renderPages();
const names = readdirSync(rendered.dir).filter((name) => name.endsWith('.html')).sort();
let server, address, browser;

before(async () => {
  server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    try {
      const body = readFileSync(join(rendered.dir, path));
      response.writeHead(200, {
        'content-type': TYPES[path.split('.').pop()],
        'content-security-policy': POLICY,
      }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  address = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
  if (SCREENSHOTS) mkdirSync(SCREENSHOTS, { recursive: true });
});

after(async () => {
  await browser?.close();
  server?.close();
  server?.closeAllConnections();
  rendered.remove();
});

for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    test(`every page is free of axe violations and of sideways scrolling at ${width} px, ${colorScheme}`, async () => {
      const context = await browser.newContext({
        viewport: { width, height: 800 }, colorScheme, reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      const refused = [];
      page.on('console', (message) => {
        if (message.type() === 'error') refused.push(message.text());
      });
      for (const name of names) {
        await page.goto(`${address}/${name}`);
        assert.deepEqual(refused, [], `${name}: refused by the policy`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${name}: ${overflow} px too wide`);
        if (SCREENSHOTS) {
          const file = `${name.replace('.html', '')}-${width}-${colorScheme}.png`;
          await page.screenshot({ path: join(SCREENSHOTS, file), fullPage: true });
        }
        assert.deepEqual(await violations(page), [], name);
      }
      await context.close();
    });
  }
}

test('every form can be filled in and sent with the keyboard alone, without any script', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${address}/sign-in.html`);
  await page.locator('#username:focus').waitFor();
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await page.keyboard.type('ada');
  await page.keyboard.press('Tab');
  await page.keyboard.type('correct horse');
  await page.keyboard.press('Enter');
  const form = new URLSearchParams((await sent).postData() ?? '');
  assert.equal((await sent).url(), `${address}/.tenure/sign-in`);
  assert.deepEqual(Object.fromEntries(form), {
    form_token: 'sample', return_to: '/wiki/start?edit=1', username: 'ada', password: 'correct horse',
  });
  await context.close();
});
