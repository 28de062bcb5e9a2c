// A problem is reported from the page that explains, with and without what the person adds.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { SCHEMES, SCREENSHOTS, WIDTHS, violations } from './harness.mjs';
import { left, signIn } from './person.mjs';
import { stage } from './stage.mjs';

const { serve, context: contextWith } = stage();
const LIMITS = { policy: 'idle_timeout = "3s"\nwarn_before = "1s"' };

for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    test(`the report is there to copy and to send, at ${width} px, ${colorScheme}`, async () => {
      const gateway = await serve(LIMITS);
      const context = await contextWith({ viewport: { width, height: 800 }, colorScheme, javaScriptEnabled: width === WIDTHS[0] });
      const page = await context.newPage();
      await signIn(page, gateway, '/claim/3');
      await left(context, gateway);
      await page.goto(`${gateway.url}/.tenure/why`);
      await page.getByText('Report a problem').click();
      const report = await page.getByLabel('Report', { exact: true }).inputValue();
      for (const part of ['Reason: idle', 'Browser: Chrome', 'Support code: ', 'signed_in', 'locked (idle)']) {
        assert.ok(report.includes(part), `${part} is not in:\n${report}`);
      }
      for (const { value } of await context.cookies()) assert.ok(!report.includes(value), 'no cookie is in it');
      await page.getByLabel('Anything to add').fill('I expected it to be saved.');
      if (width === WIDTHS[0]) assert.deepEqual(await violations(page), []);
      if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `report-${width}-${colorScheme}.png`), fullPage: true });
      await page.getByRole('button', { name: 'Send the report' }).click();
      await page.getByText(/Your report was sent\. Its number is rep_[0-9a-f]{10}/).waitFor();
    });
  }
}
