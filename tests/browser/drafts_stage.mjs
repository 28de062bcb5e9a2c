// What the tests of drafts share: the application and its gateway, the bar, and what is in the database.

import { startApp } from './drafts_app.mjs';
import { until } from './harness.mjs';
import { signIn } from './person.mjs';
import { stage } from './stage.mjs';
import { startGateway } from './tenure.mjs';

const POLICY = '[policy]\npreset = "custom"\nidle_timeout = "20m"\nabsolute_timeout = "1h"\n';

export const bar = (page) => page.locator('tenure-drafts section');
export const choose = (page, name) => bar(page).getByRole('button', { name, exact: true }).first().click();
export const offered = (page, text = 'You had typed something here') => bar(page).filter({ hasText: text }).waitFor();
export const records = (page) => page.evaluate(async () => {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open('tenure', 1);
    request.onupgradeneeded = () => request.transaction?.abort();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }).catch(() => null);
  if (!database) return [];
  const all = await new Promise((resolve) => {
    const request = database.transaction('drafts').objectStore('drafts').getAll(IDBKeyRange.bound('0', 'g'));
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  return all.map(({ id, version, key, until: end }) => ({ id, version, key, until: end }));
});
/** So many records are there. */
export const saved = (page, count = 1) => until(`${count} records`, async () => (await records(page)).length === count);

/** All that was typed so far has been written. */
export const settled = (page) => until('nothing to save', () => page.evaluate(async () => {
  const { keeper } = Reflect.get(window, Symbol.for('tenure'));
  await keeper.part?.busy;
  return keeper.part && !keeper.touched.size && !keeper.part.timer;
}));

/** Must be called at the top of a file of tests. */
export function draftsStage() {
  const { context: contextWith, kept } = stage();
  return {
    contextWith,
    kept,
    /** A gateway before the application, and somebody signed in. */
    async begin({ at = '/form', policy = '', headers = {}, context = undefined } = {}) {
      const app = await kept(startApp(headers));
      const gateway = await kept(startGateway(app.url, POLICY + policy));
      const where = context ?? await contextWith();
      const page = await where.newPage();
      await signIn(page, gateway, at);
      return { app, gateway, page, context: where };
    },
  };
}
