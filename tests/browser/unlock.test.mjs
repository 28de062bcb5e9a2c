// Unlocking in place: the page stays as it is. The numbers are those of the scenarios that the client promises.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { SCHEMES, SCREENSHOTS, WIDTHS, until, violations } from './harness.mjs';
import { dialog, dialogButton, gone, left, path, shown, signInForm, standing, unlockInPlace } from './person.mjs';
import { LOCKED, unlockStage } from './unlock_stage.mjs';

const { contextWith, opened } = unlockStage();
const FIELDS = Array.from({ length: 40 }, (_, n) => `field${n}`);
const FORM = `<form method="post" action="/save">${FIELDS.map((name) => `<label>${name} <input name="${name}"></label>`).join('')}
<button name="go" value="1">Save</button></form>`;

const focused = (page) => page.evaluate(() => document.activeElement?.id || document.activeElement?.localName);
const covered = (page) => page.locator('tenure-session dialog.cover[open]').count();

test('3: a page that was in the background for the whole idle time shows nothing when it comes into view', async () => {
  const { page } = await opened();
  await page.evaluate(() => {
    let hidden = true;
    Object.defineProperty(document, 'hidden', { get: () => hidden });
    Object.defineProperty(document, 'visibilityState', { get: () => (hidden ? 'hidden' : 'visible') });
    Reflect.set(window, 'comeIntoView', () => {
      hidden = false;
      document.dispatchEvent(new Event('visibilitychange'));
      const box = document.querySelector('tenure-session')?.shadowRoot?.querySelector('dialog');
      return Boolean(box?.open && box.classList.contains('cover'));
    });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await left(page.context(), { url: new URL(page.url()).origin });
  assert.equal(await page.evaluate(() => Reflect.get(window, 'comeIntoView')()), true);
  await shown(page, LOCKED);
});

test('7: the idle limit hits in the middle of a form of forty fields, and each of them arrives once', async () => {
  const { app, gateway, page } = await opened({ html: FORM, idle: '5s' });
  for (const name of FIELDS.slice(0, 20)) await page.getByLabel(name, { exact: true }).fill(`${name} is here`);
  await page.evaluate(() => scrollTo(0, 200));
  await page.evaluate(() => {
    const field = /** @type {HTMLInputElement} */ (document.querySelector('[name=field7]'));
    field.focus();
    field.setSelectionRange(2, 4);
  });
  const scroll = await page.evaluate(() => scrollY);
  await shown(page, LOCKED);
  await unlockInPlace(page, gateway);
  const after = await page.evaluate(() => {
    const field = /** @type {HTMLInputElement} */ (document.activeElement);
    return [field.name, field.selectionStart, field.selectionEnd, scrollY];
  });
  assert.deepEqual(after, ['field7', 2, 4, scroll]);
  assert.equal(path(page), '/page');
  for (const name of FIELDS.slice(20)) await page.getByLabel(name, { exact: true }).fill(`${name} is here`);
  await page.getByRole('button', { name: 'Save' }).click();
  await until('the form arrived', () => app.reached('/save').length);
  const sent = new URLSearchParams(app.reached('/save')[0].body);
  assert.deepEqual(FIELDS.map((name) => sent.getAll(name)), FIELDS.map((name) => [`${name} is here`]));
  assert.equal(app.reached('/save').length, 1);
});

test('10: when another person signs in, nothing of the first is shown or sent', async () => {
  const { app, gateway, context, page } = await opened();
  gateway.addUser('grace');
  await page.locator('textarea').fill('a secret of the first');
  await shown(page, LOCKED);
  await page.evaluate(() => {
    Reflect.set(window, 'waiting', fetch('/api/first', { method: 'POST', body: 'secret' }).then(({ status }) => status));
  });
  const other = await context.newPage();
  await other.goto(`${gateway.url}/.tenure/sign-in`);
  await other.getByLabel('Name or email address').fill('grace');
  await other.getByLabel('Password').fill(gateway.password);
  await other.getByRole('button', { name: 'Sign in', exact: true }).click();
  await other.waitForURL(`${gateway.url}/`);
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await shown(page, 'Somebody else is signed in now');
  assert.equal(await covered(page), 1);
  assert.equal(await page.evaluate(() => Reflect.get(window, 'waiting')), 401);
  assert.deepEqual(app.reached('/api'), []);
  await dialogButton(page, 'Reload the page').click();
  await gone(page);
  assert.equal(await page.locator('textarea').inputValue(), '');
});

test('16: back at a form after an unlock elsewhere, it is sent as it was left', async () => {
  const { app, gateway, page } = await opened({ html: `${FORM}<a href="/other">away</a>` });
  await page.getByLabel('field3', { exact: true }).fill('typed before');
  await page.getByRole('link', { name: 'away' }).click();
  await page.waitForURL(`${gateway.url}/other`);
  await shown(page, LOCKED);
  await unlockInPlace(page, gateway);
  // Out of the back/forward cache it does not load again.
  await page.goBack({ waitUntil: 'commit' });
  await page.waitForURL(`${gateway.url}/page`, { waitUntil: 'commit' });
  await page.getByRole('button', { name: 'Save' }).click();
  await until('the form arrived', () => app.reached('/save').length);
  assert.equal(new URLSearchParams(app.reached('/save')[0].body).get('field3'), 'typed before');
  assert.equal(app.reached('/save').length, 1);
});

test('the selection in an editor is as it was', async () => {
  const { gateway, page } = await opened({ html: '<div id="words" contenteditable role="textbox" aria-label="Editor">Half a sentence</div>' });
  await page.evaluate(() => {
    const editor = /** @type {HTMLElement} */ (document.getElementById('words'));
    editor.focus();
    const text = /** @type {Text} */ (editor.firstChild);
    getSelection()?.setBaseAndExtent(text, 5, text, 6);
  });
  await shown(page, LOCKED);
  await unlockInPlace(page, gateway);
  await page.keyboard.type('one');
  assert.equal(await page.locator('#words').innerText(), 'Half one sentence');
});

const NONCE = 'bm9uY2U';
const POLICIES = {
  '24: a nonce and strict-dynamic': { 'content-security-policy': `default-src 'none'; script-src 'nonce-${NONCE}' 'strict-dynamic'; base-uri 'none'; object-src 'none'; connect-src 'self'` },
  '24: a nonce alone': { 'content-security-policy': `default-src 'none'; script-src 'nonce-${NONCE}'; connect-src 'self'; form-action 'none'` },
  '25: Trusted Types': { 'content-security-policy': "script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'" },
  '24: cross-origin isolation': { 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-opener-policy': 'same-origin' },
};
for (const [name, headers] of Object.entries(POLICIES)) {
  test(`${name}: the page is unlocked in place, without one violation`, async () => {
    const { app, gateway, page, errors } = await opened({ headers });
    await page.locator('textarea').fill('half a sentence');
    await shown(page, LOCKED);
    await page.evaluate(() => { Reflect.set(window, 'call', fetch('/api/1').then((answer) => answer.status)); });
    await unlockInPlace(page, gateway);
    assert.equal(await page.evaluate(() => Reflect.get(window, 'call')), 200);
    assert.equal(app.reached('/api').length, 1);
    assert.equal(await page.locator('textarea').inputValue(), 'half a sentence');
    assert.deepEqual(errors, []);
  });
}

test('where a policy forbids the frame, a window signs the person in', async () => {
  const { gateway, context, page } = await opened({ head: '<meta http-equiv="content-security-policy" content="frame-src \'none\'">' });
  await page.locator('textarea').fill('half a sentence');
  await shown(page, LOCKED);
  const [window] = await Promise.all([context.waitForEvent('page'), dialogButton(page, 'Sign in in a new window').click()]);
  await window.getByLabel('Password').fill(gateway.password);
  const closed = window.waitForEvent('close');
  await window.getByRole('button', { name: 'Sign in again' }).click();
  await gone(page);
  await closed;
  assert.equal(await page.locator('textarea').inputValue(), 'half a sentence');
});

test('one sign-in in one of three tabs unlocks all, and the work of each goes on', async () => {
  const { app, gateway, context, page } = await opened({ idle: '4s' });
  const tabs = [page, await context.newPage(), await context.newPage()];
  for (const tab of tabs.slice(1)) await tab.goto(`${gateway.url}/page`);
  await Promise.all(tabs.map((tab) => shown(tab, LOCKED)));
  for (const [n, tab] of tabs.entries()) {
    await tab.evaluate((number) => { Reflect.set(window, 'call', fetch(`/api/${number}`).then((answer) => answer.status)); }, n);
  }
  await unlockInPlace(tabs[2], gateway);
  await Promise.all(tabs.map(gone));
  assert.deepEqual(await Promise.all(tabs.map((tab) => tab.evaluate(() => Reflect.get(window, 'call')))), [200, 200, 200]);
  assert.equal(app.reached('/api').length, 3);
});

test('a wrong password is told in the frame, and the person tries again', async () => {
  const { gateway, page } = await opened();
  await shown(page, LOCKED);
  const form = signInForm(page);
  assert.equal(await form.getByLabel('Name or email address').inputValue(), 'ada');
  await form.getByLabel('Password').fill('not the password');
  await form.getByRole('button', { name: 'Sign in again' }).click();
  await form.getByRole('alert').waitFor();
  assert.equal((await standing(page.context(), gateway)).state, 'locked');
  await unlockInPlace(page, gateway);
});

test('28: by keyboard alone: put off, come back, sign in, and go on where one was', async () => {
  const { gateway, page } = await opened();
  await page.locator('textarea').fill('half a sentence');
  await shown(page, LOCKED);
  await until('the password field has the focus', () => page.evaluate(() => {
    const frame = document.querySelector('tenure-session')?.shadowRoot?.querySelector('iframe');
    return frame?.contentDocument?.activeElement?.id === 'password';
  }));
  for (let n = 0; n < 4; n += 1) {
    await page.keyboard.press('Escape');
    await shown(page, 'This page is locked');
    assert.equal(await covered(page), 1);
  }
  await page.keyboard.press('Enter');
  await shown(page, LOCKED);
  await signInForm(page).getByLabel('Password').waitFor();
  await until('the password field has the focus', () => page.evaluate(() => {
    const frame = document.querySelector('tenure-session')?.shadowRoot?.querySelector('iframe');
    return frame?.contentDocument?.activeElement?.id === 'password';
  }));
  await page.keyboard.type(gateway.password);
  await page.keyboard.press('Enter');
  await gone(page);
  assert.equal(await focused(page), 'words');
  await page.keyboard.type(' and the rest');
  assert.equal(await page.locator('textarea').inputValue(), 'half a sentence and the rest');
});

test('where the policy leaves a locked page readable, it says that it is locked, and forms and calls wait', async () => {
  const html = '<form id="form" method="post" action="/save"><textarea aria-label="Text" id="words" name="text"></textarea><button name="how" value="now">Save</button></form>';
  const { app, gateway, page } = await opened({ html, policy: 'cover_when_locked = false' });
  await page.evaluate(() => {
    Reflect.set(window, 'submits', 0);
    document.querySelector('form')?.addEventListener('submit', () => { Reflect.set(window, 'submits', Reflect.get(window, 'submits') + 1); });
  });
  await shown(page, LOCKED);
  assert.equal(await covered(page), 0);
  await dialogButton(page, 'Not now').click();
  await shown(page, 'This page is locked');
  await page.locator('#words').fill('written while locked');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  assert.deepEqual([path(page), await page.evaluate(() => Reflect.get(window, 'submits')), app.reached('/save').length], ['/page', 0, 0]);
  await dialogButton(page, 'Sign in again').click();
  const form = signInForm(page);
  await form.getByLabel('Password').fill(gateway.password);
  await form.getByRole('button', { name: 'Sign in again' }).click();
  await until('the form arrived', () => app.reached('/save').length);
  await page.waitForURL(`${gateway.url}/save`);
  assert.deepEqual(app.reached('/save').map((entry) => entry.body), ['text=written+while+locked&how=now']);
});

test('scripts of the page hear of the lock and of the unlock, and may have calls wait by themselves', async () => {
  const { app, gateway, page } = await opened();
  await page.evaluate(() => {
    const told = [];
    const { tenure } = /** @type {any} */ (window);
    for (const name of ['warning', 'locked', 'unlocked', 'ended']) tenure.on(name, (answer) => told.push(`${name} ${answer.subject}`));
    Reflect.set(window, 'told', told);
  });
  assert.equal(await page.evaluate(() => Reflect.get(window, 'tenure').state), 'active');
  await shown(page, LOCKED);
  assert.equal(await page.evaluate(() => Reflect.get(window, 'tenure').state), 'locked');
  await page.evaluate(() => { Reflect.set(window, 'held', Reflect.get(window, 'tenure').hold('/api/held').then((answer) => answer.status)); });
  await unlockInPlace(page, gateway);
  assert.equal(await page.evaluate(() => Reflect.get(window, 'held')), 200);
  assert.equal(app.reached('/api/held').length, 1);
  assert.deepEqual(await page.evaluate(() => Reflect.get(window, 'told')), ['warning ada', 'locked ada', 'unlocked ada']);
});

test('a page that overwrites fetch, JSON, iteration and the methods of arrays is warned, locked and unlocked all the same', async () => {
  const { app, gateway, page, errors } = await opened();
  await page.evaluate(() => {
    const kept = fetch;
    window.fetch = () => { throw new Error('not this fetch'); };
    for (const name of ['parse', 'stringify']) Reflect.set(JSON, name, () => { throw new Error('not this JSON'); });
    for (const name of ['push', 'map', 'filter', 'forEach', 'some', 'includes', 'find', 'join', 'slice', 'shift', 'concat', Symbol.iterator]) {
      Reflect.set(Array.prototype, name, () => { throw new Error(`not this ${String(name)}`); });
    }
    // Scripts of the test's own would stumble over them.
    setInterval(() => {
      if (document.querySelector('tenure-session')?.shadowRoot?.querySelector('iframe') && document.title === '/page') {
        document.title = 'called';
        kept('/api/1', { method: 'POST', body: 'x' }).then(({ status }) => { document.title = `answered ${status}`; });
      }
    }, 50);
  });
  await until('the call waits', async () => await page.title() === 'called');
  const form = await until('the form', () => page.frames().find((frame) => frame.url().includes('/unlock')));
  await form.getByLabel('Password').fill(gateway.password);
  await form.getByRole('button', { name: 'Sign in again' }).click();
  await until('the call was answered', async () => await page.title() === 'answered 200');
  assert.equal(app.reached('/api').length, 1);
  assert.deepEqual(errors, []);
});

for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    test(`28: the dialog, the covered and the readable page are free of axe violations at ${width} px, ${colorScheme}`, async () => {
      const options = { viewport: { width, height: 720 }, colorScheme };
      const { page } = await opened({ options, html: '<p>What the application shows.</p><textarea aria-label="Text" id="words"></textarea>' });
      const check = async (name) => {
        if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `unlock-${name}-${width}-${colorScheme}.png`) });
        assert.deepEqual(await violations(page), [], name);
        const box = await dialog(page).boundingBox();
        assert.ok(box && box.x >= 0 && box.x + box.width <= width, `${name} fits`);
      };
      await shown(page, LOCKED);
      await signInForm(page).getByLabel('Password').waitFor();
      await check('form');
      await signInForm(page).getByLabel('Password').fill('wrong');
      await signInForm(page).getByRole('button', { name: 'Sign in again' }).click();
      await signInForm(page).getByRole('alert').waitFor();
      await check('wrong');
      await dialogButton(page, 'Not now').click();
      await shown(page, 'This page is locked');
      await check('resting');
      const context = await contextWith(options);
      const { page: readable } = await opened({ options, policy: 'cover_when_locked = false', html: '<p>What the application shows.</p>' });
      await context.close();
      await shown(readable, LOCKED);
      await dialogButton(readable, 'Not now').click();
      await shown(readable, 'This page is locked');
      if (SCREENSHOTS) await readable.screenshot({ path: join(SCREENSHOTS, `unlock-bar-${width}-${colorScheme}.png`) });
      assert.deepEqual(await violations(readable), []);
    });
  }
}
