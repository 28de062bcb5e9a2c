// Every page of the gateway in every language, at both widths and in both colour schemes, against WCAG 2.2 AA.

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
const languages = [...new Set(names.map((name) => name.split('.')[1]))];
let server, address, browser;

before(async () => {
  server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    if (path === '/favicon.ico') {
      // Pages for frames name no icon, so the browser looks for one.
      response.writeHead(204).end();
      return;
    }
    if (path === '/.tenure/session') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"state":"none"}');
      return;
    }
    const scripted = path.startsWith('/kept-list') ? "; script-src 'self'; connect-src 'self'" : '';
    try {
      const body = readFileSync(join(rendered.dir, path));
      response.writeHead(200, {
        'content-type': TYPES[path.split('.').pop()],
        'content-security-policy': POLICY + scripted,
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
    // Colours are the same in every language; the length of words and the direction are not.
    const shown = languages.filter((language) => language === 'en' || (width === 320) === (colorScheme === 'light') || SCREENSHOTS);
    test(`every page is free of axe violations and of sideways scrolling at ${width} px, ${colorScheme}`, async () => {
      const context = await browser.newContext({
        viewport: { width, height: 800 }, colorScheme, reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      const refused = [];
      page.on('console', (message) => {
        if (message.type() === 'error') refused.push(message.text());
      });
      for (const name of names.filter((each) => shown.includes(each.split('.')[1]))) {
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

test('every page says its language and is laid out in its direction, with values apart from it', async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  for (const name of names) {
    await page.goto(`${address}/${name}`);
    const [lang, direction] = await page.evaluate(() => [
      document.documentElement.lang, getComputedStyle(document.body).direction,
    ]);
    assert.equal(lang, name.split('.')[1], name);
    assert.equal(direction, lang === 'ar' ? 'rtl' : 'ltr', name);
    const turned = await page.evaluate(() => [...document.querySelectorAll('code')]
      .filter((code) => getComputedStyle(code).direction !== 'ltr').map((code) => code.textContent));
    assert.deepEqual(turned, [], `${name}: codes run from left to right`);
  }
  // In "device, on the right; button, on the left", the logical sides have changed places.
  await page.goto(`${address}/account-sessions.ar.html`);
  const [facts, button] = [page.locator('.sessions .facts').first(), page.locator('.sessions button').first()];
  assert.ok((await facts.boundingBox()).x > (await button.boundingBox()).x, 'the list is mirrored');
  await page.context().close();
});

test('every form can be filled in and sent with the keyboard alone, without any script', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${address}/sign-in.en.html`);
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
