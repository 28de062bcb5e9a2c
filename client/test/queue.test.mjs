import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Queue } from '../unlock/queue.js';

const WAIT = 60_000;
const turn = () => new Promise((next) => setImmediate(next));

/** A call that notes when it is sent, and is answered when the test says so. */
function call(log, at, { answers = [`answer ${at}`], late = false, signal } = {}) {
  const made = {
    at,
    signal,
    refused: (answer) => answer === 'refused',
    send: () => {
      log.push(at);
      const answer = answers.shift();
      if (!late) return Promise.resolve(answer);
      return new Promise((resolve) => { made.answer = () => resolve(answer); });
    },
  };
  return made;
}

test('calls go on in the order in which they were made, each once, however they came in', async () => {
  const queue = new Queue(WAIT, () => {});
  const log = [];
  const answers = [3, 1, 2, 5, 4].map((at) => queue.hold(call(log, at), 'refused'));
  await turn();
  assert.deepEqual(log, []);
  queue.open();
  assert.deepEqual(await Promise.all(answers), [3, 1, 2, 5, 4].map((at) => `answer ${at}`));
  assert.deepEqual(log, [1, 2, 3, 4, 5]);
  queue.open();
  await turn();
  assert.equal(log.length, 5);
});

test('the next call is sent only when the one before it was answered', async () => {
  const queue = new Queue(WAIT, () => {});
  const log = [];
  const first = call(log, 1, { late: true });
  queue.open();
  queue.hold(first, 'refused');
  queue.hold(call(log, 2), 'refused');
  await turn();
  assert.deepEqual([log, queue.isMoving], [[1], true]);
  first.answer();
  await turn();
  assert.deepEqual([log, queue.isMoving], [[1, 2], false]);
});

test('a call that is answered late holds the others up for so long only', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const queue = new Queue(3000, () => {});
  const log = [];
  const first = call(log, 1, { late: true });
  queue.hold(first, 'refused');
  queue.hold(call(log, 2), 'refused');
  queue.open();
  await Promise.resolve();
  t.mock.timers.tick(2999);
  await turn();
  assert.deepEqual(log, [1]);
  t.mock.timers.tick(1);
  await turn();
  assert.deepEqual(log, [1, 2]);
});

test('a call that meets the lock again waits again, in its place', async () => {
  let locks = 0;
  const queue = new Queue(WAIT, () => { locks += 1; });
  const log = [];
  const first = queue.hold(call(log, 1, { answers: ['refused', 'at last'] }), 'refused');
  const second = queue.hold(call(log, 2), 'refused');
  queue.open();
  await turn();
  assert.deepEqual([log, locks, queue.isOpen], [[1], 1, false]);
  queue.open();
  assert.deepEqual(await Promise.all([first, second]), ['at last', 'answer 2']);
  assert.deepEqual(log, [1, 1, 2]);
});

test('a call that is always refused is not sent for ever', async () => {
  const queue = new Queue(WAIT, () => queue.open());
  const log = [];
  const answers = Array.from({ length: 20 }, () => 'refused');
  queue.open();
  assert.equal(await queue.hold(call(log, 1, { answers }), 'refused'), 'refused');
  assert.ok(log.length < 5, `${log.length} times`);
});

test('an aborted call leaves the queue with its reason and is never sent', async () => {
  const queue = new Queue(WAIT, () => {});
  const log = [];
  const stop = new AbortController();
  const waiting = queue.hold(call(log, 1, { signal: stop.signal }), 'refused');
  stop.abort(new Error('not wanted any more'));
  await assert.rejects(waiting, /not wanted/);
  await assert.rejects(queue.hold(call(log, 2, { signal: stop.signal }), 'refused'), /not wanted/);
  queue.open();
  await turn();
  assert.deepEqual(log, []);
});

test('when none can go on, each gets the answer it met', async () => {
  const queue = new Queue(WAIT, () => {});
  const log = [];
  const answers = [1, 2].map((at) => queue.hold(call(log, at), `refused ${at}`));
  queue.giveUp();
  assert.deepEqual(await Promise.all(answers), ['refused 1', 'refused 2']);
  assert.deepEqual(log, []);
});

test('so many calls wait and no more; a failure is the failure of one call alone', async () => {
  const queue = new Queue(WAIT, () => {});
  const log = [];
  const broken = { ...call(log, 0), send: () => Promise.reject(new TypeError('Failed to fetch')) };
  const first = queue.hold(broken, 'refused');
  const answers = Array.from({ length: 100 }, (_, at) => queue.hold(call(log, at + 1), 'refused'));
  assert.equal(await answers[99], 'refused');
  queue.open();
  await assert.rejects(first, /Failed to fetch/);
  assert.deepEqual(await Promise.all(answers.slice(0, 99)), log.map((at) => `answer ${at}`));
  assert.equal(log.length, 99);
});
