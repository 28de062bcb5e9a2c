import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Throttle, reportGap } from '../activity.js';

test('reports keep a tenth of the idle limit apart, five seconds at least, a sixth for short limits', () => {
  assert.equal(reportGap(30 * 60_000), 180_000);
  assert.equal(reportGap(61_000), 6100);
  assert.equal(reportGap(60_000), 10_000);
  assert.equal(reportGap(3000), 500);
});

test('the first input is reported at once, the last one of a burst at the end of its gap', () => {
  const throttle = new Throttle();
  assert.equal(throttle.input(0, 1000), true);
  assert.equal(throttle.next(1000), Infinity);
  assert.equal(throttle.input(200, 1000), false);
  assert.equal(throttle.next(1000), 1000);
  assert.equal(throttle.due(999, 1000), false);
  assert.equal(throttle.due(1000, 1000), true);
  assert.equal(throttle.due(5000, 1000), false, 'no input, no report');
});

test('an hour of typing is reported no more often than the gap allows, and never leaves a whole gap out', () => {
  const throttle = new Throttle();
  const sent = [];
  for (let now = 0; now < 3_600_000; now += 150) {
    if (throttle.input(now, 180_000)) sent.push(now);
  }
  assert.equal(sent.length, 20);
  assert.ok(sent.every((at, n) => n === 0 || (at - sent[n - 1] >= 180_000 && at - sent[n - 1] < 180_150)));
});
