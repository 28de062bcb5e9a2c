// A stock Firefox over WebDriver BiDi, and what a person does in it.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import puppeteer from 'puppeteer-core';
import { until } from '../harness.mjs';
import { SmallApp } from '../small_app.mjs';
import { startGateway, startShop, stopAll } from '../tenure.mjs';

const PROGRAM = process.env.TENURE_FIREFOX ?? '/usr/bin/firefox-esr';

/** Starts a browser; with the folder of a profile, one that outlives it. */
export async function launch({ profile = undefined, preferences = {} } = {}) {
  if (!existsSync(PROGRAM)) throw new Error(`no Firefox at ${PROGRAM}: scripts/setup, or set TENURE_FIREFOX`);
  return puppeteer.launch({
    browser: 'firefox', executablePath: PROGRAM, headless: true, userDataDir: profile,
    extraPrefsFirefox: { 'dom.disable_open_during_load': false, ...preferences },
  });
}

/** Must be called at the top of a file of tests. */
export function firefoxStage() {
  let browser;
  /** @type {(() => unknown)[]} */
  let cleanUp = [];
  before(async () => { browser = await launch(); });
  afterEach(async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  });
  after(async () => {
    await browser?.close();
    stopAll();
  });

  const kept = async (starting) => {
    const started = await starting;
    cleanUp.push(() => started.stop());
    return started;
  };
  const contextWith = async () => {
    const context = await browser.createBrowserContext();
    cleanUp.push(() => context.close().catch(() => {}));
    return context;
  };
  return {
    kept,
    contextWith,
    folder() {
      const made = mkdtempSync(join(tmpdir(), 'tenure-firefox-'));
      cleanUp.push(() => rmSync(made, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
      return made;
    },
    /** The shop behind a gateway. */
    async shop(policy) {
      const shop = await kept(startShop());
      return kept(startGateway(shop.url, `[policy]\npreset = "custom"\n${policy}\n`));
    },
    /** A small application behind a gateway, and a page of it with somebody signed in. */
    async opened({ html = '<textarea id="words"></textarea>', headers = {}, policy = 'idle_timeout = "4s"\nwarn_before = "1s"', routes = '' } = {}) {
      const app = await kept(new SmallApp().start());
      app.pages['/page'] = { html, headers };
      app.pages['/other'] = { html: '<p>Another page</p>' };
      const gateway = await kept(startGateway(app.url, `[policy]\npreset = "custom"\n${policy}\n${routes}`));
      const context = await contextWith();
      const page = await context.newPage();
      await signIn(page, gateway, '/page');
      return { app, gateway, context, page };
    },
  };
}

export const value = (page, selector) => page.$eval(selector, (field) => field.value);
export const path = (page) => new URL(page.url()).pathname;

/** Presses a button with the keyboard: without JavaScript, puppeteer's mouse does not find out where it is. */
export async function pressKey(page, selector) {
  await page.focus(selector);
  await page.keyboard.press('Enter');
}

/** Does something that leads to another page, and waits for it. */
export const leads = (page, act) => Promise.all([page.waitForNavigation({ waitUntil: 'load' }), act()]);

export async function signIn(page, gateway, at, username = gateway.username) {
  await page.goto(gateway.url + at);
  await page.type('#username', username);
  await givePassword(page, gateway);
}

export async function givePassword(page, gateway) {
  await page.type('#password', gateway.password);
  await leads(page, () => page.keyboard.press('Enter'));
}

/** What the client's dialog says; empty while there is none. */
export const said = (page) => page.evaluate(() => {
  const box = document.querySelector('tenure-session')?.shadowRoot?.querySelector('dialog');
  return box?.open ? box.innerText : '';
});
export const shown = (page, text) => until(`the dialog says "${text}"`, async () => (await said(page)).includes(text), 20_000);
/** Whether nothing of the application can be seen. */
export const isCovered = (page) => page.evaluate(() => !!document.querySelector('tenure-session')?.shadowRoot?.querySelector('dialog.cover[open]')).catch(() => false);
export const gone = (page) => until('no dialog', async () => await said(page) === '');

/** Presses a button of the client's dialog, as a person does. */
export async function press(page, label, host = 'tenure-session') {
  const button = await page.evaluateHandle((where, words) => {
    const buttons = document.querySelector(where)?.shadowRoot?.querySelectorAll('button') ?? [];
    return [...buttons].find((one) => one.textContent === words);
  }, host, label);
  await button.asElement().click();
}

/** Signs in again in the dialog of a locked page. */
export async function unlockInPlace(page, gateway) {
  const frame = await until('the form', async () => {
    const found = page.frames().find((one) => one.url().includes('/unlock'));
    return found && await found.$('#password') ? found : null;
  });
  await frame.type('#password', gateway.password);
  await frame.click('button.primary');
  await gone(page);
}

/** What the gateway says of the session of this page's browser. */
export const standing = (page) => page.evaluate(async () => (await fetch(`/.tenure/session?for=${location.pathname}`)).json());
export const left = (page) => until('the session is locked', async () => (await standing(page)).state === 'locked', 30_000);

/** The records of drafts in this browser. */
export const records = (page) => page.evaluate(async () => {
  if (!(await indexedDB.databases()).some(({ name }) => name === 'tenure')) return 0;
  const database = await new Promise((resolve) => {
    const request = indexedDB.open('tenure', 1);
    request.onsuccess = () => resolve(request.result);
  });
  const count = await new Promise((resolve) => {
    const request = database.transaction('drafts').objectStore('drafts').count(IDBKeyRange.bound('0', 'g'));
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  return count;
});
export const saved = (page, count = 1) => until(`${count} drafts`, async () => await records(page) === count);
export const offered = (page) => until('the draft is offered', () => page.evaluate(() =>
  document.querySelector('tenure-drafts')?.shadowRoot?.textContent.includes('You had typed something here')));
