// How drafts are shown: the offer, the panel, the question, the list.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bar, choose, draftsStage, offered, saved, settled } from './drafts_stage.mjs';
import { SCHEMES, SCREENSHOTS, WIDTHS, until, violations } from './harness.mjs';
import { path } from './person.mjs';

const { begin, contextWith } = draftsStage();

if (SCREENSHOTS) mkdirSync(SCREENSHOTS, { recursive: true });

test('the list of one’s drafts is filled, and each can be discarded', async () => {
  const { page, gateway } = await begin();
  await page.getByLabel('Text').fill('one');
  await page.getByLabel('Search').fill('two');
  await saved(page, 2);
  await page.goto(`${gateway.url}/.tenure/kept`);
  const list = page.locator('#tenure-drafts');
  await list.waitFor();
  assert.match(await list.innerText(), /Page \/form[\s\S]*\/form, typed \d/);
  assert.deepEqual(await violations(page), []);
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, 'draft-list.png'), fullPage: true });
  await list.getByRole('button', { name: /Discard/ }).first().click();
  await until('one left', async () => await list.getByRole('listitem').count() === 1);
  await list.getByRole('button', { name: /Discard/ }).click();
  await list.waitFor({ state: 'hidden' });
  await saved(page, 0);
});

for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    test(`the offer, both texts side by side and the question before signing out are free of axe violations at ${width} px, ${colorScheme}`, async () => {
      const context = await contextWith({ viewport: { width, height: 720 }, colorScheme });
      const { app, page } = await begin({ context });
      const check = async (name, box) => {
        await page.evaluate(() => new Promise((wake) => { requestAnimationFrame(() => requestAnimationFrame(wake)); }));
        if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `draft-${name}-${width}-${colorScheme}.png`) });
        assert.deepEqual((await violations(page)).filter((one) => one.includes('tenure-drafts')), [], name);
        const { x, width: its } = await box.boundingBox();
        assert.ok(x >= 0 && x + its <= width, `${name} fits`);
      };
      await page.getByLabel('Title').fill('Minutes of Monday');
      await page.getByLabel('Text').fill('First line of what was decided.\nSecond line, withaverylongwordthatdoesnotfitanywhereatalloreverwillfit.');
      await saved(page);
      await settled(page);
      app.saved = { title: 'Minutes of the meeting on Monday', text: 'Somebody else wrote this meanwhile.' };
      await page.reload();
      await offered(page);
      await check('offer', bar(page));
      await choose(page, 'Show');
      await offered(page, 'What is there now');
      await check('panel', bar(page));
      assert.equal(await page.evaluate(() => document.activeElement?.localName), 'tenure-drafts', 'the keyboard goes on in the panel');
      await page.evaluate(() => document.querySelector('form[action$=sign-out]').requestSubmit());
      const question = page.locator('tenure-drafts dialog');
      await question.waitFor();
      await check('question', question);
      await page.keyboard.press('Escape');
      await question.waitFor({ state: 'detached' });
      assert.equal(path(page), '/form');
    });
  }
}
