// A person whose browser asks for German or Arabic, from the sign-in through a warning and a lock to the unlock in place.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SCHEMES, SCREENSHOTS, WIDTHS, violations } from './harness.mjs';
import { dialog, dialogButton, gone, path, shown, signInForm } from './person.mjs';
import { stage } from './stage.mjs';

const { demo, context: contextWith } = stage();

const WORDS = {
  de: {
    direction: 'ltr', name: 'Name oder E-Mail-Adresse', password: 'Passwort', signIn: 'Anmelden', warning: 'Sind Sie noch da?',
    stay: 'Angemeldet bleiben', left: /^Verbleibende Zeit: .*Sekunden?/, locked: 'Ihre Sitzung ist gesperrt, weil Sie eine Weile weg waren',
    again: 'Wieder anmelden', wrong: 'Das Passwort passt nicht', sessions: 'Wo Sie angemeldet sind', device: /Chrome \d+ auf/,
  },
  ar: {
    direction: 'rtl', name: 'الاسم أو عنوان البريد الإلكتروني', password: 'كلمة المرور', signIn: 'تسجيل الدخول', warning: 'هل ما زلت هنا؟',
    stay: 'البقاء قيد تسجيل الدخول', left: /^الوقت المتبقي: .*(ثانية|ثانيتان|ثوان)/, locked: 'أُقفلت جلستك أثناء غيابك',
    again: 'تسجيل الدخول من جديد', wrong: 'كلمة المرور غير مطابقة', sessions: 'أماكن تسجيل دخولك', device: /Chrome \d+ على/,
  },
};

async function check(page, name) {
  assert.deepEqual(await violations(page), [], name);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px too wide`);
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `live-${name}.png`) });
}

const looks = WIDTHS.map((width, at) => ({ width, colorScheme: SCHEMES[at] }));
for (const [locale, words] of Object.entries(WORDS)) {
  for (const { width, colorScheme } of looks) {
    test(`28: signing in, being warned, unlocking in place and the list of sessions, ${locale} at ${width} px, ${colorScheme}`, async () => {
      const gateway = await demo({ idle: '10s' });
      const context = await contextWith({ locale, viewport: { width, height: 800 }, colorScheme });
      const page = await context.newPage();
      const named = (name) => `${name}-${locale}-${width}`;

      await page.goto(`${gateway.url}/claim/1`);
      await check(page, named('sign-in'));
      await page.getByLabel(words.name).fill(gateway.username);
      await page.getByLabel(words.password).fill(gateway.password);
      await page.getByRole('button', { name: words.signIn, exact: true }).click();
      await page.waitForURL('**/claim/1');

      await shown(page, words.warning);
      await dialogButton(page, words.stay).waitFor();
      const style = (selector) => dialog(page).locator(selector).first().evaluate((of) => getComputedStyle(of).direction);
      assert.equal(await dialog(page).evaluate((box) => getComputedStyle(box).direction), words.direction);
      assert.equal(await dialog(page).evaluate((box) => box.closest('[lang]')?.lang ?? box.lang), locale);
      const text = (await dialog(page).innerText()).split('\n').map((line) => line.replace(/[\u2068\u2069]/g, '').trim());
      assert.ok(text.some((line) => words.left.test(line)), text.join('|'));
      await check(page, named('warning'));

      await shown(page, words.locked);
      const form = signInForm(page);
      await form.getByLabel(words.password).fill('not the password');
      await form.getByRole('button', { name: words.again }).click();
      await form.getByRole('alert').filter({ hasText: words.wrong }).waitFor();
      await check(page, named('locked'));
      assert.equal(await style('h2'), words.direction);
      await form.getByLabel(words.password).fill(gateway.password);
      await form.getByRole('button', { name: words.again }).click();
      await gone(page);
      assert.equal(path(page), '/claim/1');

      await page.goto(`${gateway.url}/.tenure/account/sessions`);
      await page.getByRole('heading', { name: words.sessions, level: 1 }).waitFor();
      assert.match(await page.locator('.device').first().innerText(), words.device);
      await check(page, named('sessions'));
    });
  }
}
