// Drafts of forms that a framework draws, of editors, and of custom elements: scenario 26.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose, draftsStage, offered, saved, settled } from './drafts_stage.mjs';
import { until } from './harness.mjs';

const { begin } = draftsStage();

const forms = [
  ['a React form', '/react', async (page) => {
    await page.getByLabel('Text').pressSequentially('controlled');
    await page.getByLabel('Done').check();
  }, 'controlled true'],
  ['a Vue form', '/vue', async (page) => {
    await page.getByLabel('Text').pressSequentially('by model');
    await page.getByLabel('Kind').press('b');
  }, 'by model b'],
  ['an htmx form', '/htmx', async (page) => {
    await page.getByLabel('Comment').pressSequentially('saved at once');
  }, 'saved saved at once'],
];
for (const [name, at, type, expected] of forms) {
  test(`26: ${name} sees what is restored as it sees typing`, async () => {
    const { page } = await begin({ at });
    await type(page);
    await saved(page);
    await settled(page);
    await page.reload();
    await offered(page);
    await choose(page, 'Restore');
    await until('the framework has it', async () => (await page.locator('output, #out').innerText()).trim() === expected);
  });
}

test('26: a contenteditable editor gets its text back as text, line by line', async () => {
  const { page } = await begin({ at: '/editor', headers: { 'content-security-policy': "require-trusted-types-for 'script'; trusted-types 'none'" } });
  await page.locator('#editor').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(' line <img src=x onerror=alert(1)>');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Second line');
  await saved(page);
  await settled(page);
  await page.reload();
  await offered(page);
  await choose(page, 'Restore');
  await until('both lines', async () => /First line <img src=x onerror=alert\(1\)>\s+Second line/.test(await page.locator('#editor').innerText()));
  assert.equal(await page.locator('#editor img').count(), 0);
});

test('custom elements, declared editors and editors that hand over their text are kept', async () => {
  const { page } = await begin({ at: '/custom' });
  await page.getByLabel('Box').pressSequentially('in a shadow');
  await page.getByLabel('Rich').pressSequentially('declared');
  await page.evaluate(() => window.tenure.saveDraft('canvas', 'a drawing'));
  await saved(page, 2);
  await settled(page);
  await page.reload();
  await offered(page);
  await choose(page, 'Restore');
  await until('the element', async () => await page.getByLabel('Box').inputValue() === 'in a shadow');
  assert.equal(await page.getByLabel('Rich').innerText(), 'declared');
  assert.equal(await page.locator('#notes').innerText(), 'canvas: a drawing');
});
