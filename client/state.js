// What the page shows, as a pure function of what is known. Nothing in here has a clock, a page or a network.

import { nearest } from './clock.js';

/** @typedef {import('./clock.js').Answer} Answer */
/** @typedef {import('./clock.js').Deadlines} Deadlines */

/**
 * @typedef {object} Known
 * @property {Answer | null} answer the latest; null before the first
 * @property {Deadlines | null} due of the latest active answer
 * @property {boolean} signedIn this page has been used by somebody signed in
 * @property {string} subject by whom
 * @property {boolean} failing the latest question got no answer
 * @property {boolean} checking the page came back from a cache or from sleep, and nothing was heard since
 * @property {string} madeFor the session that this page was made for, while only a cache vouches for that; else empty
 * @property {number} snooze 0: not put off; 1: put off until the last seconds; 2: until the lock
 */

/**
 * @typedef {{ kind: 'quiet' }
 *   | { kind: 'warning', absolute: boolean, at: number }
 *   | { kind: 'checking' }
 *   | { kind: 'other' }
 *   | { kind: 'stopped', answer: Answer }} View
 */

/** A warning that was put off comes back once when this little is left (WCAG 2.2.1: at least 20 s to act). */
export const LAST_MS = 20_000;

/**
 * What is known before the first answer.
 * @param {string} [madeFor] the session that the page was made for, if it may come out of a cache
 * @returns {Known}
 */
export function unknown(madeFor = '') {
  const stale = madeFor !== '';
  return { answer: null, due: null, signedIn: stale, subject: '', failing: false, checking: stale, madeFor, snooze: 0 };
}

/**
 * Whether a page out of a cache was made for another session than the one there is now.
 * @param {Known} known
 */
export function outdated({ answer, madeFor }) {
  return madeFor !== '' && answer?.state === 'active' && answer.session !== madeFor;
}

/**
 * Whether an answer says that it is time to warn.
 * @param {Answer | null} answer
 */
export function warned(answer) {
  return answer?.state === 'active' && (answer.warn_in_ms ?? 1) <= 0;
}

/**
 * What is known after an answer.
 * @param {Known} known
 * @param {Answer} answer
 * @param {Deadlines} due
 * @returns {Known}
 */
export function heard(known, answer, due) {
  const active = answer.state === 'active';
  const extended = active && known.due !== null && due.warnAt > known.due.warnAt + 1000;
  return {
    answer,
    due: active ? due : null,
    signedIn: known.signedIn || active,
    subject: known.subject || (active ? answer.subject ?? '' : ''),
    failing: false,
    checking: false,
    madeFor: active && answer.session === known.madeFor ? '' : known.madeFor,
    snooze: extended ? 0 : known.snooze,
  };
}

/**
 * What to show at `now`. The warning rests on an answer of the server, never on the page's own reckoning alone.
 * @param {Known} known
 * @param {number} now
 * @returns {View}
 */
export function view(known, now) {
  const { answer, due } = known;
  if (!known.signedIn) return { kind: 'quiet' };
  if (!answer || outdated(known)) return { kind: 'checking' };
  if (answer.state !== 'active') return { kind: 'stopped', answer };
  if (known.subject && answer.subject && answer.subject !== known.subject) return { kind: 'other' };
  if (known.checking || !due) return { kind: 'checking' };
  const end = nearest(due);
  if (now >= end.at) return { kind: 'checking' };
  const last = end.at - now <= LAST_MS;
  if (!warned(answer) || known.snooze > (last ? 1 : 0)) return { kind: 'quiet' };
  return { kind: 'warning', ...end };
}

/**
 * Whether to ask the server at `now` because of a deadline: the time to warn has come and the latest answer did
 * not say so, or the session is over by the page's reckoning.
 * @param {Known} known
 * @param {number} now
 */
export function mustAsk(known, now) {
  const { answer, due } = known;
  if (!due || !answer) return false;
  return now >= nearest(due).at || (now >= due.warnAt && !warned(answer));
}

/**
 * The next point at which `view` or `mustAsk` may change by itself.
 * @param {Known} known
 * @param {number} now
 */
export function wake(known, now) {
  if (!known.due) return Infinity;
  const end = nearest(known.due).at;
  /** @param {number} at */
  const ahead = (at) => at > now ? at : Infinity;
  return Math.min(ahead(known.due.warnAt), ahead(end - LAST_MS), ahead(end));
}

