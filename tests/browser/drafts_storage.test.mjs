// Drafts where the storage is refused, full, tampered with, of a newer version, or old.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bar, choose, draftsStage, offered, records, saved } from './drafts_stage.mjs';
import { until } from './harness.mjs';

const { begin, contextWith } = draftsStage();

test('where the database is refused, typing goes on and the page says so once', async () => {
  const context = await contextWith();
  await context.addInitScript(() => {
    IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError'); };
  });
  const { page } = await begin({ context });
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.getByLabel('Text').fill('kept nowhere');
  await offered(page, 'is not kept');
  await choose(page, 'Not now');
  await page.getByLabel('Text').fill('kept nowhere, still');
  await page.evaluate(() => new Promise((wake) => { setTimeout(wake, 1500); }));
  assert.equal(await bar(page).count(), 0);
  assert.deepEqual(errors, []);
});

test('a page that overwrites JSON, iteration and the methods of arrays loses drafts and nothing else', async () => {
  const { page } = await begin();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.evaluate(() => {
    // Scripts of the test's own would stumble over what follows.
    const { keeper } = Reflect.get(window, Symbol.for('tenure'));
    setInterval(() => { if (keeper.part?.failed) document.title = 'tried'; }, 50);
    for (const name of ['parse', 'stringify']) Reflect.set(JSON, name, () => { throw new Error('not this JSON'); });
    for (const name of ['map', 'filter', 'find', 'some', 'join', 'flatMap', Symbol.iterator]) {
      Reflect.set(Array.prototype, name, () => { throw new Error('not this method'); });
    }
  });
  await page.getByLabel('Text').pressSequentially('typed all the same');
  await until('it was tried', async () => await page.title() === 'tried');
  await page.keyboard.type(', and more');
  assert.equal(await page.getByLabel('Text').inputValue(), 'typed all the same, and more');
  assert.deepEqual(errors, []);
});

test('where the storage is full, the page says so and nothing breaks', async () => {
  const { page, context } = await begin();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  const session = await context.newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 1 });
  await page.getByLabel('Text').fill('x'.repeat(100_000));
  await offered(page, 'is not kept');
  assert.deepEqual(errors, []);
  assert.equal((await page.getByLabel('Text').inputValue()).length, 100_000);
});

/** Changes the records as somebody with the developer tools would. */
const spoil = (page, change) => page.evaluate(async (text) => {
  const database = await new Promise((resolve) => {
    const request = indexedDB.open('tenure', 1);
    request.onsuccess = () => resolve(request.result);
  });
  await new Promise((resolve) => {
    const transaction = database.transaction('drafts', 'readwrite');
    const table = transaction.objectStore('drafts');
    table.getAll(IDBKeyRange.bound('0', 'g')).onsuccess = ({ target }) => {
      for (const record of target.result) {
        table.delete(record.id);
        table.put(new Function('record', text)(record) ?? record);
      }
    };
    transaction.oncomplete = resolve;
  });
  database.close();
}, change);

for (const [name, change] of [
  ['with changed bytes', 'new Uint8Array(record.data)[5] ^= 1;'],
  ['that was moved to another form', "record.id = record.id.replace(/\\.[0-9a-f]+\\.([^.]+)$/, '.000000000000000000000000.$1');"],
  ['whose life was made longer', 'record.until += 1e9;'],
  ['of the wrong shape', 'record.data = 7; record.iv = null;'],
]) {
  test(`a record ${name} is left out, with a word`, async () => {
    const { page } = await begin();
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.getByLabel('Text').fill('sealed');
    await saved(page);
    await spoil(page, change);
    await page.reload();
    await offered(page, 'cannot be read');
    await choose(page, 'Discard');
    await saved(page, 0);
    assert.deepEqual(errors, []);
  });
}

test('a record of a newer version is left alone', async () => {
  const { page } = await begin();
  await page.getByLabel('Text').fill('from the future');
  await saved(page);
  await spoil(page, 'record.version = 2; record.until = 0;');
  await page.reload();
  await until('looked', () => page.evaluate(() => Reflect.get(window, Symbol.for('tenure'))?.keeper.part?.finder !== undefined));
  await page.getByLabel('Title').fill('from today');
  await saved(page, 2);
  assert.deepEqual((await records(page)).map(({ version }) => version).sort(), [1, 2]);
  assert.equal(await bar(page).count(), 0);
});

test('drafts are thrown away after keep_work_for', async () => {
  const { page } = await begin();
  await page.getByLabel('Text').fill('too old');
  await saved(page);
  const [record] = await records(page);
  assert.ok(Math.abs(record.until - Date.now() - 86_400_000) < 60_000);
  await page.clock.install({ time: Date.now() + 25 * 3_600_000 });
  await page.reload();
  await saved(page, 0);
});
