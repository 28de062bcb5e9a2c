// The life of the client in one page: asks, counts, warns, covers, and reports real input.

import { Throttle, listen, reportGap } from './activity.js';
import { SleepWatch, deadlines } from './clock.js';
import { Dialog } from './dialog.js';
import { heard, LAST_MS, mustAsk, unknown, view, wake, warned } from './state.js';
import { sync } from './sync.js';
import { WORDS } from './words.js';

/** @typedef {import('./clock.js').Answer} Answer */

/** How often sleep is looked for, and how often an open dialog is checked against the server. */
const LOOK_MS = 2000;
const CHECK_MS = 5000;
/** How often a page that nobody touches asks whether its session was ended elsewhere. */
const POLL_MS = 60_000;
/** The shortest and the longest pause between two questions that no event asked for. */
const PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

export class Session {
  known = unknown();
  throttle = new Throttle();
  watch = new SleepWatch(Date.now(), performance.now());
  dialog = new Dialog(() => this.putOff());
  tabs = sync(() => this.ask(true));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer = undefined;
  // A page that was put aside never hears of its open questions again: those of another epoch don't count.
  epoch = 0;
  asking = false;
  again = false;
  /** A button was pressed, and its answer is awaited. */
  busy = false;
  failures = 0;
  askedAt = -Infinity;

  /**
   * @param {ReturnType<typeof import('./link.js').link>} link
   * @param {string} base
   */
  constructor(link, base) {
    this.link = link;
    this.base = base;
  }

  begin() {
    listen(this.dialog.host, () => this.input());
    addEventListener('pagehide', (event) => this.putAside(event.persisted));
    addEventListener('pageshow', (event) => {
      if (!event.persisted) return;
      this.tabs.open();
      this.ask();
    });
    // Some of these are the document's and don't bubble: they pass here on their way down.
    for (const name of ['visibilitychange', 'resume', 'focus', 'online']) {
      addEventListener(name, (event) => {
        if (event.target === window || event.target === document) this.seen();
      }, true);
    }
    this.tabs.open();
    this.ask();
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
    this.asking = this.again = this.busy = false;
    this.tabs.close();
    clearTimeout(this.timer);
    // Covered while nobody looks, so that nothing is to be seen when the page comes back out of the cache.
    if (cached && this.known.signedIn) {
      this.known = { ...this.known, checking: true };
      this.paint(performance.now());
    }
  }

  /** @param {boolean} [hinted] another tab said so; it knows already */
  async ask(hinted = false) {
    if (hinted && !this.known.signedIn && this.known.answer) return;
    if (this.asking) {
      // What is under way may have been answered before the change.
      this.again = true;
      return;
    }
    this.asking = true;
    await this.put(() => this.link.ask(), hinted);
    this.asking = false;
    if (this.again) {
      this.again = false;
      await this.ask(hinted);
    }
  }

  async extend() {
    if (this.busy) return;
    this.busy = true;
    this.dialog.wait(WORDS.moment);
    await this.put(() => this.link.extend());
    this.busy = false;
    this.refresh();
  }

  async report() {
    const epoch = this.epoch;
    if (!await this.put(() => this.link.report()) && epoch === this.epoch) this.ask();
  }

  async signOut() {
    if (this.busy) return;
    this.busy = true;
    this.dialog.wait(WORDS.moment);
    const address = await this.link.signOut();
    this.busy = false;
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
      if (before.signedIn && !hinted && (extended || before.answer?.state !== answer.state)) this.tabs.post();
    }
    this.askedAt = Math.max(askedAt, this.askedAt);
    this.refresh();
    return answer !== null;
  }

  gap() {
    return reportGap(this.known.due?.idleLimit ?? Infinity);
  }

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
    const { dialog } = this;
    if (shown.kind === 'quiet') {
      dialog.hide(this.known.snooze ? '' : WORDS.goesOn);
      return;
    }
    dialog.show(this.faceOf(shown));
    if (shown.kind === 'warning') dialog.count(shown.at - now);
    dialog.wait(this.known.failing ? WORDS.reconnecting : this.busy ? WORDS.moment : '');
  }

  /**
   * @param {Exclude<ReturnType<typeof view>, { kind: 'quiet' }>} shown
   * @returns {import('./dialog.js').Face}
   */
  faceOf(shown) {
    const out = { label: WORDS.out, press: () => this.signOut() };
    const cover = { cover: true, ready: false };
    if (shown.kind === 'checking') {
      return { ...cover, key: 'checking', title: WORDS.checking, text: '', buttons: [] };
    }
    if (shown.kind === 'other') {
      const reload = { label: WORDS.reload, press: () => location.reload() };
      return { ...cover, key: 'other', title: WORDS.other, text: WORDS.otherText, buttons: [reload] };
    }
    if (shown.kind === 'stopped') {
      const { state, reason, title, message, unlock_url: unlock, why_url: why } = shown.answer;
      const address = state === 'locked' ? unlock ?? `${this.base}/unlock` : why ?? `${this.base}/why`;
      return {
        ...cover,
        key: `${state} ${reason}`,
        title: title ?? WORDS.stopped,
        text: message ? `${message} ${WORDS.stoppedText}` : WORDS.stoppedText,
        buttons: [{ label: WORDS.go, press: () => this.go(address) }],
      };
    }
    if (shown.absolute) {
      const again = { label: WORDS.again, press: () => this.go(this.known.answer?.unlock_url ?? `${this.base}/unlock`) };
      const later = { label: WORDS.later, press: () => this.dialog.box.close() };
      return {
        key: 'absolute', title: WORDS.absoluteTitle, text: WORDS.absoluteText, buttons: [again, later, out],
        cover: false, ready: false,
      };
    }
    const stay = { label: WORDS.stay, press: () => this.extend() };
    return { key: 'idle', title: WORDS.idleTitle, text: WORDS.idleText, buttons: [stay, out], cover: false, ready: true };
  }

  /**
   * Leaves for one of the gateway's pages, to come back to this one.
   * @param {string} address
   */
  go(address) {
    const target = new URL(address, location.href);
    if (target.origin === location.origin) {
      target.searchParams.set('return_to', location.pathname + location.search + location.hash);
    }
    location.assign(target);
  }
}
