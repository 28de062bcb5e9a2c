// Deadlines, counted from what the server says remains. The device's own time of day is never believed: only
// differences count, on the monotonic clock, with the wall clock as a witness for sleep.

/**
 * What `GET session` answers, as far as the client reads it.
 * @typedef {object} Answer
 * @property {'active' | 'locked' | 'ended' | 'none'} state
 * @property {string} [reason]
 * @property {string} [subject]
 * @property {string} [session] its public id
 * @property {string} [title] heading for a lock or an ending
 * @property {string} [message] what happened and what became of the work
 * @property {number} [idle_remaining_ms]
 * @property {number} [absolute_remaining_ms]
 * @property {number} [warn_in_ms] not positive: warn now
 * @property {number} [warn_before_ms]
 * @property {number} [idle_timeout_ms] the whole idle limit
 * @property {boolean} [cover] whether a locked page is covered; so it is unless this says otherwise
 * @property {'on' | 'off'} [drafts] whether what is typed may be kept
 * @property {number} [keep_work_for_ms] for how long
 * @property {string} [unlock_url]
 * @property {string} [why_url]
 */

/**
 * Points on the monotonic clock, in milliseconds.
 * @typedef {object} Deadlines
 * @property {number} idleAt
 * @property {number} absoluteAt
 * @property {number} warnAt
 * @property {number} idleLimit the whole idle limit, as far as it is known
 */

/** The clocks disagree by more than this only after sleep, or when the device's time was set. */
const JUMP_MS = 2000;

/**
 * Deadlines from an answer. They count from the moment the question was sent, so a slow network never makes
 * the page promise more time than there is.
 * @param {Answer} answer
 * @param {number} askedAt
 * @param {number} [idleLimit] the longest idle time seen before
 * @returns {Deadlines}
 */
export function deadlines(answer, askedAt, idleLimit = 0) {
  const idle = answer.idle_remaining_ms ?? Infinity;
  const absolute = answer.absolute_remaining_ms ?? Infinity;
  const warnIn = answer.warn_in_ms ?? Math.min(idle, absolute) - (answer.warn_before_ms ?? 120_000);
  return {
    idleAt: askedAt + idle,
    absoluteAt: askedAt + absolute,
    warnAt: askedAt + warnIn,
    idleLimit: answer.idle_timeout_ms ?? Math.max(idle, idleLimit),
  };
}

/**
 * The nearer of both limits, and whether an extension would help against it.
 * @param {Deadlines} due
 */
export function nearest(due) {
  const absolute = due.absoluteAt <= due.idleAt;
  return { at: absolute ? due.absoluteAt : due.idleAt, absolute };
}

/** Notices that the machine slept, or that its time was set: then only the server knows what remains. */
export class SleepWatch {
  /**
   * @param {number} wall
   * @param {number} mono
   */
  constructor(wall, mono) {
    this.wall = wall;
    this.mono = mono;
  }

  /**
   * By how many milliseconds the wall clock has gone ahead (or, negative, fallen behind) since the last look;
   * zero while both clocks go together.
   * @param {number} wall
   * @param {number} mono
   */
  look(wall, mono) {
    const jump = wall - this.wall - (mono - this.mono);
    this.wall = wall;
    this.mono = mono;
    return Math.abs(jump) > JUMP_MS ? jump : 0;
  }
}
