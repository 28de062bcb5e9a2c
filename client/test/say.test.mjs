import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spell } from '../say.js';

test('times are said as people say them', () => {
  for (const [ms, said] of [
    [0, '0 seconds'], [-5, '0 seconds'], [1, '1 second'], [59_001, '1 minute'], [61_000, '1 minute 1 second'],
    [120_000, '2 minutes'], [600_000, '10 minutes'], [3_600_000, '1 hour'], [5_400_000, '1 hour 30 minutes'],
  ]) assert.equal(spell(ms), said, String(ms));
});
