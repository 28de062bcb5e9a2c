// Triggers 3 and 8: cookies that do not come back, or come back as something else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { path, press, sessionCookie, signIn, standing, subject } from './person.mjs';
import { stage } from './stage.mjs';

const { demo, context: contextWith, contextWithoutCookies } = stage();

/** A browser that is signed in, and every page that it was led through afterwards. */
async function signedIn(options) {
  const gateway = await demo({ idle: '2m' });
  const context = await contextWith(options);
  const page = await context.newPage();
  await signIn(page, gateway);
  const visited = [];
  page.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname));
  return { gateway, context, page, visited };
}

/** The same cookie with another value. */
async function spoil(context, change) {
  const cookie = await sessionCookie(context);
  await context.addCookies([{ ...cookie, value: change(cookie.value) }]);
}

const cases = [
  ['a damaged cookie', 'cookie_malformed', (value) => value.slice(0, 11)],
  ['a cookie full of odd letters', 'cookie_malformed', () => '%00%FF{"a":1}<script>'],
  ['a cookie with one letter changed', 'cookie_forged', (value) => {
    const middle = Math.floor(value.length / 2);
    const other = value[middle] === 'A' ? 'B' : 'A';
    return value.slice(0, middle) + other + value.slice(middle + 1);
  }],
];
for (const [name, reason, change] of cases) {
  test(`23: ${name} is explained once, cleaned up with one click, and a new sign-in works`, async () => {
    const { gateway, context, page, visited } = await signedIn();
    await spoil(context, change);
    assert.equal((await standing(context, gateway)).reason, reason);
    await page.goto(`${gateway.url}/cart`);
    assert.deepEqual(visited, ['/.tenure/why'], 'one page, no loop');
    assert.match(await page.getByLabel('Report').inputValue(), new RegExp(reason));
    await press(page, 'Clean up this site’s cookie and try again');
    assert.equal(path(page), '/.tenure/sign-in');
    assert.equal(await sessionCookie(context), undefined);
    await page.getByLabel('Name or email address').fill(gateway.username);
    await page.getByLabel('Password').fill(gateway.password);
    await press(page, 'Sign in');
    assert.equal(path(page), '/cart');
    assert.equal(await subject(page), gateway.username);
  });
}

test('23: a sign-in over a damaged cookie works too, without the clean-up', async () => {
  const { gateway, context, page } = await signedIn();
  await spoil(context, (value) => value.slice(0, 11));
  await signIn(page, gateway, '/.tenure/sign-in?return_to=/cart');
  assert.equal(path(page), '/cart');
});

test('a cookie that was cleared is told apart from a first visit, and leads to the sign-in', async () => {
  const { gateway, context, page, visited } = await signedIn();
  const { name } = await sessionCookie(context);
  await context.clearCookies({ name });
  assert.equal((await standing(context, gateway)).reason, 'cookie_cleared');
  await page.goto(`${gateway.url}/cart`);
  assert.deepEqual(visited, ['/.tenure/sign-in']);
  assert.match(await page.locator('main').innerText(), /cookie/i);
});

for (const javaScriptEnabled of [true, false]) {
  test(`22: a browser that keeps no cookies is told so in plain words, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
    const gateway = await demo({ idle: '2m' });
    const context = await contextWithoutCookies({ javaScriptEnabled });
    const page = await context.newPage();
    const visited = [];
    page.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname));
    await signIn(page, gateway);
    assert.equal(path(page), '/.tenure/why');
    assert.match(await page.locator('h1').innerText(), /does not keep our cookie/);
    assert.match(await page.locator('main').innerText(), /Chrom/, 'the advice is for the browser at hand');
    assert.ok(visited.length <= 3, `${visited}`);
  });
}
