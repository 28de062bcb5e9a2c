// What only a lock needs. `client.js` imports it when the warning shows, or at the latest when the session locks.

import { Faces } from './faces.js';
import { SignInFrame } from './frame.js';
import { Queue } from './queue.js';
import { follow, socket } from './streams.js';

/** How long a call may take to be answered before the next one goes, in milliseconds. */
const PATIENCE_MS = 3000;

/** @typedef {import('../session.js').Session} Session */

export class Part {
  /** @param {Session} session */
  constructor(session) {
    this.session = session;
    this.faces = new Faces(session);
    this.frame = new SignInFrame(session, this.faces.dialog);
    this.queue = new Queue(PATIENCE_MS, () => session.ask());
  }

  /**
   * @template T
   * @param {import('./queue.js').Call<T>} call
   * @param {T} answer
   */
  hold(call, answer) {
    const { queue, session } = this;
    // The answer that says so may be older than an unlock in another tab.
    queue.close();
    const turn = queue.hold(call, answer);
    if (session.state === 'locked') this.settle();
    else session.ask();
    return turn;
  }

  /** Something was heard of the session. */
  settle() {
    const { session, queue } = this;
    if (session.state === 'locked') return;
    if (!this.faces.ahead) this.frame.done();
    if (session.goesOn) queue.open();
    else queue.giveUp();
  }

  /**
   * @param {import('../state.js').View} shown
   * @param {number} now
   */
  paint(shown, now) {
    if (this.faces.paint(shown, now)) this.frame.show();
  }

  /**
   * @param {EventSource} source
   * @param {Set<string>} types
   * @param {Function} native
   */
  follow(source, types, native) {
    follow(source, types, native, this.session);
  }

  /**
   * A WebSocket that connects when the session isn't locked any more.
   * @param {any} native
   * @param {any[]} args
   * @param {Function} target
   */
  socket(native, args, target) {
    return this.session.state === 'locked' ? socket(native, args, target, this.session) : undefined;
  }
}

/** @param {Session} session */
export const begin = (session) => new Part(session);
