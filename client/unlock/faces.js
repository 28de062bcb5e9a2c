// What the dialog says and offers, for everything that can be shown.

import { Dialog } from './dialog.js';
import words from '../words.js';

/** @typedef {import('../state.js').View} View */
/** @typedef {import('./dialog.js').Face} Face */

export class Faces {
  /** A button was pressed, and its answer is awaited. */
  busy = false;
  /** The person signs in again before the absolute limit is reached. */
  ahead = false;
  /** The person put signing in off, and the page shows that it is locked. */
  resting = false;

  /** @param {import('../session.js').Session} session */
  constructor(session) {
    this.session = session;
    this.dialog = new Dialog(session.curtain);
  }

  /**
   * @param {View} shown
   * @param {number} now
   * @returns {boolean} whether the form to sign in belongs there
   */
  paint(shown, now) {
    const { dialog, session: { known } } = this;
    if (shown.kind !== 'stopped') this.resting = false;
    if (shown.kind !== 'warning') this.ahead = false;
    if (shown.kind === 'quiet') {
      dialog.hide(known.snooze ? '' : words.goesOn);
      return false;
    }
    const face = this.faceOf(shown);
    dialog.show(face);
    if (shown.kind === 'warning') dialog.count(shown.at - now);
    dialog.wait(known.failing ? words.reconnecting : this.busy ? words.moment : '');
    return !!face.signIn;
  }

  /**
   * @param {Exclude<View, { kind: 'quiet' }>} shown
   * @returns {Face}
   */
  faceOf(shown) {
    const { session } = this;
    const cover = { cover: true, ready: false };
    if (shown.kind === 'checking') {
      return { ...cover, key: 'checking', title: words.checking, text: '', buttons: [] };
    }
    if (shown.kind === 'other') {
      const reload = { label: words.reload, press: () => location.reload() };
      return { ...cover, key: 'other', title: words.other, text: words.otherText, buttons: [reload] };
    }
    if (shown.kind === 'stopped') {
      const { state, reason, title = words.stopped, message: text = '', why_url: why } = shown.answer;
      const key = `${state} ${reason}`;
      if (state === 'locked') return this.locked(key, title, text, shown.answer.cover !== false);
      const go = { label: words.go, press: () => this.go(why ?? `${session.base}/why`) };
      return { ...cover, key, title, text: `${text} ${words.stoppedText}`, buttons: [go] };
    }
    const out = { label: words.out, press: () => this.press(() => session.signOut()) };
    const leave = () => session.putOff();
    if (shown.absolute) {
      const later = { label: words.later, press: leave };
      const absolute = { title: words.absoluteTitle, cover: false, ready: false, leave };
      if (this.ahead) return { ...absolute, key: 'ahead', text: words.aheadText, buttons: [later, out], signIn: true };
      const again = { label: words.againNow, press: () => this.signInAhead() };
      return { ...absolute, key: 'absolute', text: words.absoluteText, buttons: [again, later, out] };
    }
    const stay = { label: words.stay, press: () => this.press(() => session.put(() => session.link.extend())) };
    return {
      key: 'idle', title: words.idleTitle, text: words.idleText, buttons: [stay, out], cover: false, ready: true, leave,
    };
  }

  /**
   * @param {string} reason
   * @param {string} title
   * @param {string} text
   * @param {boolean} cover
   * @returns {Face}
   */
  locked(reason, title, text, cover) {
    /** @param {boolean} resting */
    const rest = (resting) => {
      this.resting = resting;
      this.session.refresh();
    };
    if (this.resting) {
      const again = { label: words.again, press: () => rest(false) };
      return {
        key: `${reason} rest`, title: words.lockedTitle, text: words.lockedText, buttons: [again],
        cover, bar: !cover, ready: true,
      };
    }
    const leave = () => rest(true);
    return {
      key: reason, title, text, buttons: [{ label: words.later, press: leave }], cover, ready: false, leave, signIn: true,
    };
  }

  signInAhead() {
    this.ahead = true;
    this.session.refresh();
  }

  /** @param {() => Promise<unknown>} act */
  async press(act) {
    if (this.busy) return;
    this.busy = true;
    this.dialog.wait(words.moment);
    await act();
    this.busy = false;
    this.session.refresh();
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
