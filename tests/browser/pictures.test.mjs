// The pages that people meet, over the real shop: free of axe violations, fitting, and the pictures of the guide.
// TENURE_SCREENSHOTS=1 takes the pictures anew.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, SCHEMES, SCREENSHOTS, WIDTHS, violations } from './harness.mjs';
import { choose, offered, saved } from './drafts_stage.mjs';
import { dialog, dialogButton, press, shown, signIn, signInForm } from './person.mjs';
import { stage } from './stage.mjs';

const { demo, serve, context: contextWith } = stage();
const WIDE = { width: 1280, height: 800 };
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15';

/** Free of violations and no wider than the window; the guide's pictures are those of the wide, light pages. */
async function check(page, name) {
  assert.deepEqual(await violations(page), [], name);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px too wide`);
  const [{ width }, dark] = [page.viewportSize(), await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)];
  if (!SCREENSHOTS || width !== WIDE.width || dark) return;
  const folder = join(ROOT, 'docs/images');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    const look = { viewport: { ...WIDE, width }, colorScheme };

    test(`the claim form under the warning and under the lock, and the unlock page, at ${width} px, ${colorScheme}`, async () => {
      const gateway = await demo({ idle: '10s' });
      const context = await contextWith(look);
      const page = await context.newPage();
      await page.goto(`${gateway.url}/claim/1`);
      await check(page, 'sign-in');
      await signIn(page, gateway, '/claim/1');
      await page.getByLabel('Full name').fill('Ada Lovelace');
      await shown(page, 'Are you still there?');
      assert.ok(await dialogButton(page, 'Stay signed in').evaluate((button) => button.matches(':focus')), 'one key extends');
      await check(page, 'warning');
      const box = await dialog(page).boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= width, 'the dialog fits');
      await shown(page, 'locked because you were away');
      await signInForm(page).getByLabel('Password').waitFor();
      await check(page, 'locked');
      await page.goto(`${gateway.url}/claim/1`);
      await check(page, 'unlock');
    });

    test(`the offer of a draft, and the draft beside what is there now, at ${width} px, ${colorScheme}`, async () => {
      const gateway = await demo({ idle: '2m' });
      const context = await contextWith(look);
      const page = await context.newPage();
      await signIn(page, gateway, '/claim/4');
      await page.locator('textarea').first().fill('The hull, below the waterline, where the crane touched it.');
      await saved(page);
      await page.reload();
      await offered(page);
      await check(page, 'draft');
      await choose(page, 'Show');
      await offered(page);
      await check(page, 'draft-shown');
    });

    test(`the choice of a session, the list of sessions and the page of an ended one at ${width} px, ${colorScheme}`, async () => {
      const policy = 'idle_timeout = "10m"\nabsolute_timeout = "1h"\nmax_sessions = 2';
      const gateway = await serve({ policy });
      const [first, second] = [await contextWith({ ...look, userAgent: FIREFOX }), await contextWith(look)];
      const [one, two] = [await first.newPage(), await second.newPage()];
      await signIn(one, gateway, '/cart');
      await signIn(two, gateway, '/cart');
      const third = await contextWith({ ...look, userAgent: SAFARI });
      const page = await third.newPage();
      await signIn(page, gateway, '/cart');
      await check(page, 'limit');
      await page.getByRole('radio').first().check();
      await press(page, 'End it and sign in here');
      await page.goto(`${gateway.url}/.tenure/account/sessions`);
      await check(page, 'sessions');
      await one.goto(`${gateway.url}/cart`);
      assert.match(await one.locator('main').innerText(), /Safari/, 'the session used longest ago is offered first');
      await check(one, 'why');
    });
  }
}

for (const place of ['/csp', '/trusted-types', '/gzip', '/many']) {
  test(`the dialog comes over ${place} of the shop, and the page reports no error`, async () => {
    const gateway = await demo({ idle: '6s' });
    const page = await (await contextWith()).newPage();
    await signIn(page, gateway, '/catalogue');
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.goto(gateway.url + place);
    await shown(page, 'Are you still there?');
    await dialogButton(page, 'Stay signed in').click();
    await dialog(page).waitFor({ state: 'detached' });
    assert.deepEqual(errors, []);
  });
}
