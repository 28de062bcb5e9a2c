// What a person does in the browser before a gateway, and what they see.

import { until } from './harness.mjs';

/** Signs in through the form, from the page that was asked for. */
export async function signIn(page, gateway, path = '/claim/1') {
  await page.goto(gateway.url + path);
  await page.getByLabel('Name or email address').fill(gateway.username);
  await givePassword(page, gateway, 'Sign in');
}

/** Fills in the password of the form on the page and presses its button. */
export async function givePassword(page, gateway, button) {
  await page.getByLabel('Password').fill(gateway.password);
  await press(page, button);
}

/** Presses a button that leads to another page, and waits for that page. */
export async function press(page, button) {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: button, exact: true }).click()]);
}

/** What the gateway says about the session of this browser; never activity. */
export async function standing(context, gateway, path = '/') {
  const answer = await context.request.get(`${gateway.url}/.tenure/session?for=${encodeURIComponent(path)}`);
  return answer.json();
}

/** Leaves the session alone until its limit has passed, as the gateway sees it. */
export const left = (context, gateway, state = 'locked') =>
  until(`the session is ${state}`, async () => (await standing(context, gateway)).state === state, 30_000);

/** The cookie of the session. */
export async function sessionCookie(context) {
  return (await context.cookies()).find(({ name }) => /^(__Host-)?tenure$/.test(name));
}

export const dialog = (page) => page.locator('tenure-session dialog[open]');
export const dialogButton = (page, name) => dialog(page).getByRole('button', { name });
export const shown = (page, text) => dialog(page).filter({ hasText: text }).waitFor({ timeout: 20_000 });
export const gone = (page) => dialog(page).waitFor({ state: 'detached', timeout: 10_000 });

/** The form in the dialog of a locked page. */
export const signInForm = (page) => dialog(page).frameLocator('iframe');

/** Signs in again without leaving the page. */
export async function unlockInPlace(page, gateway) {
  const form = signInForm(page);
  await form.getByLabel('Password').fill(gateway.password);
  await form.getByRole('button', { name: 'Sign in again' }).click();
  await gone(page);
}

export const subject = (page) => page.locator('[data-subject]').innerText();
export const path = (page) => new URL(page.url()).pathname;
