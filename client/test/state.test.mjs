import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadlines } from '../clock.js';
import { heard, mustAsk, outdated, unknown, view, wake } from '../state.js';

const MINUTE = 60_000;

/** What is known after the answer that a gateway would give at `now`. */
function after(known, now, { idle = 10 * MINUTE, absolute = 100 * MINUTE, before = 2 * MINUTE, ...more } = {}) {
  const answer = {
    state: 'active', subject: 'ada', idle_remaining_ms: idle, absolute_remaining_ms: absolute,
    warn_in_ms: Math.min(idle, absolute) - before, ...more,
  };
  return heard(known, answer, deadlines(answer, now, known.due?.idleLimit));
}
const kind = (known, now) => view(known, now).kind;

test('nothing is shown before the first answer, nor to a visitor', () => {
  assert.equal(kind(unknown(), 0), 'quiet');
  const visitor = heard(unknown(), { state: 'none' }, deadlines({ state: 'none' }, 0));
  assert.equal(kind(visitor, 0), 'quiet');
  assert.equal(wake(visitor, 0), Infinity);
});

test('the time to warn makes the page ask, and only the answer makes it warn', () => {
  const known = after(unknown(), 0);
  assert.equal(mustAsk(known, 8 * MINUTE - 1), false);
  assert.equal(mustAsk(known, 8 * MINUTE), true);
  assert.equal(kind(known, 9 * MINUTE), 'quiet');
  const warned = after(known, 8 * MINUTE, { idle: 2 * MINUTE });
  assert.deepEqual(view(warned, 8 * MINUTE), { kind: 'warning', absolute: false, at: 10 * MINUTE });
  assert.equal(mustAsk(warned, 9 * MINUTE), false);
});

test('an answer that the session was extended elsewhere means no warning', () => {
  const known = after(after(unknown(), 0), 8 * MINUTE, { idle: 9 * MINUTE });
  assert.equal(kind(known, 8 * MINUTE), 'quiet');
});

test('at the deadline the page is covered and asks, whatever it showed before', () => {
  const known = after(unknown(), 0, { idle: MINUTE });
  assert.equal(kind(known, MINUTE - 1), 'warning');
  assert.equal(kind(known, MINUTE), 'checking');
  assert.equal(mustAsk(known, MINUTE), true);
});

test('a server that does not answer never turns into an ending', () => {
  const known = { ...after(unknown(), 0), failing: true };
  assert.equal(kind(known, 5 * MINUTE), 'quiet');
  assert.equal(kind(known, 50 * MINUTE), 'checking');
});

test('a lock and an ending cover the page, and an unlock by the same person uncovers it', () => {
  const known = after(unknown(), 0);
  for (const state of ['locked', 'ended', 'none']) {
    const answer = { state, reason: 'idle' };
    const stopped = heard(known, answer, deadlines(answer, 0));
    assert.deepEqual(view(stopped, 0), { kind: 'stopped', answer });
    assert.equal(kind(after(stopped, 10), 10), 'quiet');
    assert.equal(kind(after(stopped, 10, { subject: 'grace' }), 10), 'other');
  }
});

test('a warning that was put off stays away until the last 20 seconds, then until the lock', () => {
  const warned = after(unknown(), 0, { idle: 2 * MINUTE });
  const off = { ...warned, snooze: 1 };
  assert.equal(kind(off, 99_999), 'quiet');
  assert.equal(kind(off, 100_000), 'warning');
  assert.equal(wake(off, 50_000), 100_000);
  assert.equal(kind({ ...warned, snooze: 2 }, 110_000), 'quiet');
  assert.equal(kind({ ...warned, snooze: 2 }, 120_000), 'checking');
});

test('an extension forgets that the warning was put off, a mere check does not', () => {
  const off = { ...after(unknown(), 0, { idle: MINUTE }), snooze: 2 };
  assert.equal(after(off, 1000, { idle: MINUTE - 1000 }).snooze, 2);
  assert.equal(after(off, 1000).snooze, 0);
});

test('a page out of the cache stays covered until something was heard', () => {
  const restored = { ...after(unknown(), 0), checking: true };
  assert.equal(kind(restored, 10), 'checking');
  assert.equal(kind(after(restored, 20), 20), 'quiet');
});

test('whatever the server answers, in whatever order, an expired session is never shown as usable', () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 48_271) % 0x7fffffff) % n;
  for (let history = 0; history < 300; history += 1) {
    let known = unknown();
    let now = 0;
    let end = Infinity;
    for (let step = 0; step < 40; step += 1) {
      now += random(3 * MINUTE);
      if (random(3) === 0) {
        const idle = random(5 * MINUTE);
        known = after(known, now, { idle });
        end = now + idle;
      } else if (random(5) === 0) known = { ...known, snooze: random(3), failing: random(2) === 0 };
      const shown = view(known, now);
      if (now >= end) assert.equal(shown.kind, 'checking');
      if (shown.kind === 'warning') assert.equal(shown.at, end);
      assert.ok(wake(known, now) > now);
    }
  }
});

test('a page that may come out of a cache is covered until an answer says that it is still whose it was', () => {
  const stale = unknown('ses_1');
  assert.equal(kind(stale, 0), 'checking');
  assert.equal(kind(after(stale, 0, { session: 'ses_1' }), 0), 'quiet');
  const locked = heard(stale, { state: 'locked', session: 'ses_1' }, deadlines({ state: 'locked' }, 0));
  assert.equal(kind(locked, 0), 'stopped');
  assert.equal(kind(after(locked, 0, { session: 'ses_1' }), 0), 'quiet');
  for (const known of [after(stale, 0, { session: 'ses_2' }), after(locked, 0, { session: 'ses_2' })]) {
    assert.equal(outdated(known), true);
    assert.equal(kind(known, 0), 'checking');
  }
});
