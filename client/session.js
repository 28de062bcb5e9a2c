// The life of the client in one page: asks, counts, warns, covers, and reports real input.

import { Throttle, listen, reportGap } from './activity.js';
import { SleepWatch, deadlines } from './clock.js';
import { Curtain } from './curtain.js';
import { Keeper } from './keeper.js';
import { heard, LAST_MS, mustAsk, outdated, unknown, view, wake, warned } from './state.js';
import { sync } from './sync.js';

/** @typedef {import('./clock.js').Answer} Answer */
/** @typedef {import('./unlock/unlock.js').Part} Part */

/** How often sleep is looked for, and how often an open dialog is checked against the server. */
const LOOK_MS = 2000;
const CHECK_MS = 5000;
/** How often a page that nobody touches asks whether its session was ended elsewhere. */
const POLL_MS = 60_000;
/** A waiting answer that comes sooner than this has not waited. */
const HEARD_MS = 5000;
/** One that has not come by now never will. */
const LONGEST_HEARING_MS = 40_000;
/** The shortest and the longest pause between two questions that no event asked for. */
const PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

export class Session {
  throttle = new Throttle();
  watch = new SleepWatch(Date.now(), performance.now());
  curtain = new Curtain();
  tabs = sync(() => this.ask(true));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer = undefined;
  // A page that was put aside never hears of its open questions again: those of another epoch don't count.
  epoch = 0;
  /** @type {Promise<void> | null} */
  asking = null;
  again = false;
  failures = 0;
  askedAt = -Infinity;
  /** The question that is answered when the session stops. @type {AbortController | null} */
  hearing = null;
  /** @type {Set<() => void>} those who wait until more is known */
  waiting = new Set();
  news = new EventTarget();
  /** What was told last. */
  told = '';
  /** @type {Promise<typeof import('./late.js') | null> | undefined} */
  coming = undefined;
  tries = 0;
  /** @type {Part | null} */
  part = null;

  /**
   * @param {ReturnType<typeof import('./link.js').link>} link
   * @param {string} base
   * @param {string} [madeFor] the session that this page was made for, if it may come out of a cache
   */
  constructor(link, base, madeFor) {
    this.link = link;
    this.base = base;
    this.known = unknown(madeFor);
    this.keeper = new Keeper(this);
  }

  begin() {
    listen(this.curtain.host, () => this.input());
    addEventListener('pagehide', (event) => this.putAside(event.persisted));
    addEventListener('pageshow', (event) => {
      if (!event.persisted) return;
      this.tabs.open();
      this.ask();
    });
    // Some of these are the document's and don't bubble: they pass here on their way down.
    for (const name of ['visibilitychange', 'resume', 'focus', 'online']) {
      addEventListener(name, (event) => {
        if (document.hidden) this.stopHearing();
        if (event.target === window || event.target === document) this.seen();
      }, true);
    }
    this.tabs.open();
    this.paint(performance.now());
    this.ask();
  }

  /**
   * What most pages never need; null if it can't be had now.
   * @returns {Promise<typeof import('./late.js') | null>}
   */
  late() {
    // Without a network, the next one who needs it tries again; a browser remembers a failed address.
    this.coming ??= import(`${this.base}/late.js${this.tries ? `?${this.tries}` : ''}`).catch(() => {
      this.coming = undefined;
      this.tries += 1;
      return null;
    });
    return this.coming;
  }

  /**
   * The part that is needed for a lock; null if it can't be had now.
   * @returns {Promise<Part | null>}
   */
  async load() {
    const late = await this.late();
    if (late && !this.part) {
      this.part = late.begin(this);
      this.refresh();
    }
    return this.part;
  }

  /**
   * Has a call wait that met a lock, until it has been sent again; where that can't be, gives the answer it met.
   * @template T
   * @param {import('./unlock/queue.js').Call<T>} call
   * @param {T} answer
   */
  async wait(call, answer) {
    const part = await this.load();
    return part ? part.hold(call, answer) : answer;
  }

  get state() {
    return this.known.answer?.state ?? 'unknown';
  }

  /** Whether the session is locked, or by the page's reckoning may be. */
  get isDoubtful() {
    const { kind } = view(this.known, performance.now());
    return kind === 'checking' || (kind === 'stopped' && this.state === 'locked');
  }

  /**
   * Waits until the session isn't locked, after asking.
   * @returns {Promise<boolean>} whether this page goes on: its session is active, and still the same person's
   */
  async settled() {
    if (this.state !== 'locked') await this.ask();
    while (this.known.signedIn && this.state === 'locked') {
      await new Promise((/** @type {(value?: any) => void} */ wake) => this.waiting.add(wake));
    }
    return this.goesOn;
  }

  /** Whether nothing stands against going on, as far as it is known: the session isn't over, and nobody else's. */
  get goesOn() {
    const { kind } = view(this.known, performance.now());
    return kind !== 'stopped' && kind !== 'other';
  }

  /** Tells whoever waits for it, once, what the session has come to. */
  tell() {
    const { kind } = view(this.known, performance.now());
    if (kind === 'checking') return;
    const { state } = this;
    const word = kind === 'warning' ? kind : state === 'active' && this.told === 'locked' ? 'unlocked' : state;
    if (word !== this.told && !(word === 'active' && this.told === 'unlocked')) {
      this.told = word;
      this.news.dispatchEvent(new CustomEvent(word, { detail: this.known.answer }));
    }
    for (const wake of this.waiting) wake();
    this.waiting.clear();
    this.part?.settle();
  }

  /** Real input, in this page or in one of its frames. */
  input() {
    if (!this.known.due) return;
    // The first key after sleep must not be reported before it is known what became of the session.
    this.refresh();
    if (view(this.known, performance.now()).kind === 'checking') return;
    if (this.throttle.input(performance.now(), this.gap())) this.report();
    else this.schedule();
  }

  /** The page has come into view, or something hints that time has passed. */
  seen() {
    if (document.hidden || !this.known.signedIn) return;
    this.refresh();
    this.ask();
  }

  /** @param {boolean} cached */
  putAside(cached) {
    this.epoch += 1;
    this.asking = null;
    this.again = false;
    this.tabs.close();
    this.stopHearing();
    clearTimeout(this.timer);
    // Covered while nobody looks, so that nothing is to be seen when the page comes back out of the cache.
    if (cached && this.known.signedIn) {
      this.known = { ...this.known, checking: true };
      this.paint(performance.now());
    }
  }

  /**
   * Resolves once a question was answered, or not, that was put after this.
   * @param {boolean} [hinted] another tab said so; it knows already
   */
  async ask(hinted = false) {
    if (hinted && !this.known.signedIn && this.known.answer) return;
    // What is under way may have been answered before the change.
    this.again = true;
    this.asking ??= this.askOn(hinted);
    await this.asking;
  }

  /** @param {boolean} hinted */
  async askOn(hinted) {
    const { epoch } = this;
    while (this.again && epoch === this.epoch) {
      this.again = false;
      await this.put(() => this.link.ask(), hinted);
    }
    if (epoch === this.epoch) this.asking = null;
  }

  async report() {
    const epoch = this.epoch;
    if (!await this.put(() => this.link.report()) && epoch === this.epoch) this.ask();
  }

  async signOut() {
    if (await this.keeper.part?.mayLeave?.() === false) return;
    const address = await this.link.signOut();
    this.tabs.post();
    if (address) location.assign(address);
    else this.ask();
  }

  /**
   * Puts a question and takes its answer in, unless a later question was answered before.
   * @param {() => Promise<Answer | null>} question
   * @param {boolean} [hinted]
   * @returns {Promise<boolean>} whether there was an answer
   */
  async put(question, hinted = false) {
    const { epoch, known: before } = this;
    const askedAt = performance.now();
    const answer = await question();
    if (epoch !== this.epoch) return true;
    if (!answer) {
      this.failures += 1;
      this.known = { ...this.known, failing: true };
    } else if (askedAt >= this.askedAt) {
      this.failures = 0;
      this.known = heard(this.known, answer, deadlines(answer, askedAt, this.known.due?.idleLimit));
      const extended = warned(before.answer) && !warned(answer);
      if (before.signedIn && before.answer && !hinted && (extended || before.answer.state !== answer.state)) this.tabs.post();
    }
    this.askedAt = Math.max(askedAt, this.askedAt);
    this.refresh();
    // Nobody has used this page since it was loaded, and covered it stays: the server says what is to be seen here now.
    if (outdated(this.known)) location.reload();
    else if (answer) {
      this.tell();
      this.hear();
    }
    this.keeper.look();
    return answer !== null;
  }

  /** While somebody looks at the page, has the server say at once when the session stops. */
  async hear() {
    if (this.hearing || document.hidden || this.state !== 'active') return;
    const hearing = this.hearing = new AbortController();
    const begun = performance.now();
    const timer = setTimeout(() => hearing.abort(), LONGEST_HEARING_MS);
    const answer = await this.link.wait(hearing.signal);
    clearTimeout(timer);
    if (this.hearing !== hearing) return;
    this.hearing = null;
    if (answer && answer.state !== 'active') this.ask();
    // An answer that did not wait, or none, must not become a storm of questions: the next ordinary one begins anew.
    else if (answer && performance.now() - begun > HEARD_MS) this.hear();
  }

  stopHearing() {
    this.hearing?.abort();
    this.hearing = null;
  }

  gap() {
    return reportGap(this.known.due?.idleLimit ?? Infinity);
  }

  /** The person does not want to see the warning now. */
  putOff() {
    const { due } = this.known;
    const last = due !== null && Math.min(due.idleAt, due.absoluteAt) - performance.now() <= LAST_MS;
    this.known = { ...this.known, snooze: last ? 2 : 1 };
    this.refresh();
  }

  /** Looks at the clocks, shows what is so, asks what must be asked, and sets the next look. */
  refresh() {
    const now = performance.now();
    const jump = this.watch.look(Date.now(), now);
    const { due } = this.known;
    if (due && jump > 0) {
      // After sleep, what was left is less by that much until the server has answered.
      this.known.due = { ...due, idleAt: due.idleAt - jump, absoluteAt: due.absoluteAt - jump, warnAt: due.warnAt - jump };
    }
    this.paint(now);
    if (!document.hidden && !this.asking && this.known.signedIn) {
      if ((jump || now >= this.askAt(now)) && now >= this.askedAt + this.pause()) this.ask();
    }
    if (this.throttle.due(now, this.gap())) this.report();
    this.schedule();
  }

  pause() {
    return this.failures ? Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (this.failures - 1)) : PAUSE_MS;
  }

  /**
   * When the server is to be asked, as far as that is known now.
   * @param {number} now
   */
  askAt(now) {
    const { kind } = view(this.known, now);
    if (this.known.failing || kind === 'checking' || mustAsk(this.known, now)) return this.askedAt + this.pause();
    const open = kind === 'warning' || this.known.answer?.state === 'locked';
    return this.askedAt + (open ? CHECK_MS : POLL_MS);
  }

  schedule() {
    clearTimeout(this.timer);
    if (!this.known.signedIn) return;
    const now = performance.now();
    const second = view(this.known, now).kind === 'warning' ? 1000 - (now % 1000) : LOOK_MS;
    const at = Math.min(now + second, wake(this.known, now), this.throttle.next(this.gap()), this.askAt(now));
    this.timer = setTimeout(() => this.refresh(), Math.max(20, at - now));
  }

  /** @param {number} now */
  paint(now) {
    const shown = view(this.known, now);
    if (shown.kind !== 'quiet') this.load();
    if (this.part) this.part.paint(shown, now);
    else if (shown.kind === 'quiet' || shown.kind === 'warning') this.curtain.open();
    else this.curtain.close();
  }
}
