// What a person sends while their session is locked, in a browser without JavaScript, before the shop's claim with its files.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, SCHEMES, SCREENSHOTS, WIDTHS, until, violations } from './harness.mjs';
import { givePassword, path, press, signIn, standing, subject } from './person.mjs';
import { stage } from './stage.mjs';

const { serve, before, listen, context: contextWith } = stage();
// The claim locks after a moment; the rest of the shop leaves time to look around.
const LIMITS = {
  policy: 'idle_timeout = "10m"\nabsolute_timeout = "1h"',
  routes: '[[route]]\npath = "/claim/4"\nidle_timeout = "6s"\nwarn_before = "0s"',
};
const MIB = 1024 * 1024;

/** The hash by which the shop tells what arrived. */
function fnv1a(bytes) {
  // In halves of 32 bits, for a BigInt for each of twenty million bytes takes minutes.
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

function noise(length) {
  const bytes = Buffer.alloc(length);
  let seed = 7;
  for (let at = 0; at < length; at += 1) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = seed >>> 24;
  }
  return bytes;
}

/** Signs in, fills the last step of the claim and leaves it until the session is locked. */
async function claimLeft(gateway, options = {}, file = undefined) {
  const context = await contextWith({ javaScriptEnabled: false, ...options });
  // A debug build seals slowly.
  context.setDefaultTimeout(60_000);
  // Whatever the client does about forms: this is a browser that sends them by itself.
  await context.route('**/.tenure/client.js*', (route) => route.abort());
  const page = await context.newPage();
  await signIn(page, gateway, '/claim/4');
  await page.getByLabel('What is damaged?').fill('The hull, below the waterline.\nAnd the "rudder".');
  await page.getByLabel('Account number').fill('DE02 1203 0000 0000 2020 51');
  await page.getByLabel('Repair yard').fill('Zürich & Söhne');
  if (file) {
    const folder = mkdtempSync(join(tmpdir(), 'tenure-upload-'));
    context.once('close', () => rmSync(folder, { recursive: true, force: true }));
    const picture = join(folder, 'hull "port".jpg');
    writeFileSync(picture, file);
    await page.locator('input[type=file]').setInputFiles(picture);
  }
  await until('the claim is locked', async () => (await standing(context, gateway, '/claim/4')).state === 'locked', 30_000);
  return { context, page };
}

const received = async (context, gateway) =>
  (await (await context.request.get(`${gateway.url}/claim/done.json`)).json()).steps[4];

test('8, 9: without JavaScript, a claim with a file of 20 MB meets the lock and arrives once, byte for byte', async () => {
  const gateway = await serve(LIMITS);
  const file = noise(20 * MIB);
  const { context, page } = await claimLeft(gateway, {}, file);
  await press(page, 'Send the claim');
  assert.equal(path(page), '/.tenure/unlock');
  assert.match(await page.locator('main').innerText(), /What you just sent is kept/);
  await givePassword(page, gateway, 'Unlock');
  assert.match(path(page), /^\/\.tenure\/kept\/kept_[0-9a-f]{32}$/);
  const shown = await page.locator('main').innerText();
  for (const text of ['/claim/4', 'below the waterline', 'Zürich & Söhne', 'hull "port".jpg, 20 MiB']) {
    assert.ok(shown.includes(text), `${text} is not in:\n${shown}`);
  }
  assert.equal((await received(context, gateway)).arrivals, 0, 'nothing is sent by itself');

  await press(page, 'Send it now');
  assert.equal(path(page), '/claim/done', "the application's redirect is followed");
  const step = await received(context, gateway);
  assert.equal(step.arrivals, 1);
  assert.equal(step.fields.yard[0], 'Zürich & Söhne');
  assert.equal(step.fields.damage[0], 'The hull, below the waterline.\r\nAnd the "rudder".');
  assert.deepEqual([step.files[0].bytes, step.files[0].fnv1a], [20 * MIB, fnv1a(file)]);

  await page.goBack({ waitUntil: 'commit' });
  if (await page.getByRole('button', { name: 'Send it now' }).count()) await press(page, 'Send it now');
  assert.match(await page.locator('main').innerText(), /Nothing is kept here any more/);
  assert.equal((await received(context, gateway)).arrivals, 1, 'a second click sends nothing');
});

test('10: another person who signs in at the browser sees nothing of it', async () => {
  const gateway = await serve(LIMITS);
  const { context, page } = await claimLeft(gateway);
  await press(page, 'Send the claim');
  const kept = new URL(page.url()).searchParams.get('kept');
  await page.getByRole('link', { name: 'Sign in as somebody else' }).click();
  gateway.addUser('grace');
  await page.getByLabel('Name or email address').fill('grace');
  await givePassword(page, gateway, 'Sign in');
  assert.equal(await subject(page), 'grace');
  await page.goto(`${gateway.url}/.tenure/kept/${kept}`);
  const text = await page.locator('main').innerText();
  assert.match(text, /Nothing is kept here any more/);
  assert.doesNotMatch(text, /waterline|claim/);
  assert.equal((await received(context, gateway)).arrivals, 0);
});

test('a file that is too large is refused on a page that the browser shows, and going back finds what was typed', async () => {
  const gateway = await serve(LIMITS);
  const { page } = await claimLeft(gateway, {}, Buffer.alloc(40 * MIB));
  await press(page, 'Send the claim');
  assert.match(await page.locator('main').innerText(), /larger than 32 MiB/);
  const [tab] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('link', { name: 'Confirm in a new tab' }).click(),
  ]);
  await tab.waitForLoadState();
  await givePassword(tab, gateway, 'Unlock');
  await page.goBack({ waitUntil: 'commit' });
  assert.equal(await page.getByLabel('Repair yard').inputValue(), 'Zürich & Söhne');
});

test('two clicks on the button send it once, and the person is told what became of it', async () => {
  const gateway = await serve(LIMITS);
  const { context, page } = await claimLeft(gateway);
  await press(page, 'Send the claim');
  await givePassword(page, gateway, 'Unlock');
  await page.getByRole('button', { name: 'Send it now' }).dblclick();
  await until('the claim has arrived', async () => (await received(context, gateway)).arrivals === 1);
  await page.waitForLoadState();
  assert.match(await page.locator('main').innerText(), /claim|Nothing is kept here any more/);
  assert.equal((await received(context, gateway)).arrivals, 1);
});

test('the answer of the application is shown at its own address, and may lead to another site', async () => {
  const elsewhere = await listen((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Till</title><main>The till</main>');
  });
  const application = await listen((request, response) => {
    request.resume().on('end', () => {
      if (request.url === '/shop/pay' && request.method === 'POST') {
        response.writeHead(303, { location: `${elsewhere.url}/till` }).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/html' }).end(
        `<title>Shop</title><main>${request.method} ${request.url} <a href="next">next</a></main>
         <form method="post" action="pay"><button name="pay" value="1">Pay</button></form>
         <form method="post" action="note"><input name="text" value="a"><button>Note</button></form>`);
    });
  });
  const gateway = await before(application.url, 'preset = "custom"\nidle_timeout = "3s"\nwarn_before = "0s"');
  const context = await contextWith({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, gateway, '/shop/');
  const sendLocked = async (button) => {
    await page.goto(`${gateway.url}/shop/`);
    await until('it is locked', async () => (await standing(context, gateway)).state === 'locked', 30_000);
    await press(page, button);
    await givePassword(page, gateway, 'Unlock');
    await press(page, 'Send it now');
  };
  await sendLocked('Note');
  assert.match(await page.locator('main').innerText(), /^POST \/shop\/note next$/, 'without our parameter');
  assert.equal(path(page), '/shop/note');
  await page.getByRole('link', { name: 'next' }).click();
  assert.equal(page.url(), `${gateway.url}/shop/next`, 'relative links fit');
  await sendLocked('Pay');
  assert.equal(page.url(), `${elsewhere.url}/till`, 'a redirect to another site is followed');
});

for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    test(`what is kept, its list and the unlock that leads to it at ${width} px, ${colorScheme}`, async () => {
      const gateway = await serve(LIMITS);
      const look = { viewport: { width, height: 800 }, colorScheme };
      // axe needs JavaScript to look; the pages do not.
      const { page } = await claimLeft(gateway, { ...look, javaScriptEnabled: true }, noise(3 * MIB));
      const check = async (name) => {
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${name}: ${overflow} px too wide`);
        assert.deepEqual(await violations(page), [], name);
        if (SCREENSHOTS && width === 1280 && colorScheme === 'light') {
          const images = join(ROOT, 'docs/images');
          mkdirSync(images, { recursive: true });
          await page.screenshot({ path: join(images, `${name}.png`), fullPage: true });
        }
      };
      await press(page, 'Send the claim');
      await check('unlock-kept');
      await givePassword(page, gateway, 'Unlock');
      await check('kept');
      await page.goto(`${gateway.url}/.tenure/kept`);
      await check('kept-list');
    });
  }
}
