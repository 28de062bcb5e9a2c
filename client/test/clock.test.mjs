import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SleepWatch, deadlines, nearest } from '../clock.js';

const answer = (more = {}) => ({
  state: 'active', idle_remaining_ms: 60_000, absolute_remaining_ms: 600_000, warn_in_ms: 40_000, ...more,
});

test('deadlines count from when the question was sent', () => {
  assert.deepEqual(deadlines(answer(), 1000), { idleAt: 61_000, absoluteAt: 601_000, warnAt: 41_000, idleLimit: 60_000 });
});

test('without a moment to warn, the time before the nearer limit gives it', () => {
  const due = deadlines(answer({ warn_in_ms: undefined, warn_before_ms: 20_000 }), 0);
  assert.equal(due.warnAt, 40_000);
});

test('a limit that does not exist is never reached', () => {
  const due = deadlines({ state: 'active' }, 0);
  assert.deepEqual([due.idleAt, due.absoluteAt, due.warnAt], [Infinity, Infinity, Infinity]);
});

test('the idle limit is the longest idle time seen, unless the server tells it', () => {
  assert.equal(deadlines(answer({ idle_remaining_ms: 10_000 }), 0, 60_000).idleLimit, 60_000);
  assert.equal(deadlines(answer({ idle_timeout_ms: 90_000 }), 0, 60_000).idleLimit, 90_000);
});

test('the nearer limit decides, and the absolute one when both are equal', () => {
  assert.deepEqual(nearest(deadlines(answer(), 0)), { at: 60_000, absolute: false });
  assert.deepEqual(nearest(deadlines(answer({ absolute_remaining_ms: 60_000 }), 0)), { at: 60_000, absolute: true });
});

test('sleep and a changed time of day are noticed once, drifting clocks are not', () => {
  const watch = new SleepWatch(1_000_000, 0);
  assert.equal(watch.look(1_002_100, 2000), 0);
  assert.equal(watch.look(1_602_100, 2500), 599_500);
  assert.equal(watch.look(1_603_100, 3500), 0);
  assert.equal(watch.look(603_100, 3500), -1_000_000);
  assert.equal(watch.look(604_100, 4500), 0);
});
