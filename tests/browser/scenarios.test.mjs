// Each of the thirty scenarios of the browser side has a test that carries its number at the head of its name, in either browser.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

for (const [browser, below] of [['Chromium', '.'], ['Firefox', 'firefox']]) {
  test(`every scenario has its tests in ${browser}`, () => {
    const files = readdirSync(join(folder, below)).filter((name) => name.endsWith('.test.mjs') && name !== 'scenarios.test.mjs');
    const heads = files.flatMap((name) => [...readFileSync(join(folder, below, name), 'utf8').matchAll(/['`\[](\d+(?:, \d+)*)(?:: |, ['"`])/g)]);
    const covered = new Set(heads.flatMap(([, numbers]) => (numbers ?? '').split(', ').map(Number)));
    assert.deepEqual(Array.from({ length: 30 }, (_, n) => n + 1).filter((number) => !covered.has(number)), []);
  });
}
