// Calls that met the lock, in the order in which they were made. They go on one after the other, each once.

/**
 * @template T what it is answered with
 * @typedef {object} Call
 * @property {number} at its place among all calls of the page
 * @property {() => Promise<T>} send sends it, from the beginning
 * @property {(answer: T) => boolean} refused whether an answer says that the call was not passed on
 * @property {AbortSignal} [signal]
 */

/** So many wait at most; the answer to one more goes through as it is. */
const MOST = 100;
/** So often a call is sent at most, whatever it meets. */
const TRIES = 4;

export class Queue {
  /** @type {Set<{ at: number, go: (sent: boolean) => Promise<unknown> }>} */
  waiting = new Set();
  /** Whether calls go on at once. */
  isOpen = false;
  isMoving = false;

  /**
   * @param {number} patience how long a call may take to be answered before the next one goes, in milliseconds
   * @param {() => void} refused a call was sent and met the lock again
   */
  constructor(patience, refused) {
    this.patience = patience;
    this.refused = refused;
  }

  /**
   * Has a call wait for its turn.
   * @template T
   * @template [U=T]
   * @param {Call<T>} call
   * @param {T | U} answer what it gets if it never can go on
   * @returns {Promise<T | U>}
   */
  hold(call, answer) {
    if (this.waiting.size >= MOST) return Promise.resolve(answer);
    return new Promise((resolve, reject) => {
      const { at, signal } = call;
      let tries = 1;
      const abort = () => {
        this.waiting.delete(turn);
        reject(signal?.reason);
      };
      const leave = () => signal?.removeEventListener('abort', abort);
      const turn = {
        at,
        /** @param {boolean} sent */
        go: async (sent) => {
          leave();
          if (!sent) return resolve(answer);
          let met;
          try {
            met = await call.send();
          } catch (error) {
            return reject(error);
          }
          answer = met;
          tries += 1;
          if (!call.refused(met) || tries > TRIES) return resolve(met);
          this.isOpen = false;
          wait();
          this.refused();
        },
      };
      const wait = () => {
        if (signal?.aborted) return abort();
        signal?.addEventListener('abort', abort);
        this.waiting.add(turn);
        this.move();
      };
      wait();
    });
  }

  /** Calls go on, from the first that was made. */
  open() {
    this.isOpen = true;
    this.move();
  }

  close() {
    this.isOpen = false;
  }

  /** None will go on: each gets the answer it met. */
  giveUp() {
    this.isOpen = false;
    for (const turn of this.waiting) turn.go(false);
    this.waiting.clear();
  }

  async move() {
    if (this.isMoving) return;
    this.isMoving = true;
    while (this.isOpen && this.waiting.size) {
      let first;
      for (const turn of this.waiting) if (!first || turn.at < first.at) first = turn;
      if (!first) break;
      this.waiting.delete(first);
      await this.orLater(first.go(true));
    }
    this.isMoving = false;
  }

  /**
   * A call that is answered late, as one that waits for news is, must not keep the others waiting.
   * @param {Promise<unknown>} done
   */
  orLater(done) {
    return new Promise((next) => {
      const timer = setTimeout(next, this.patience, null);
      done.then(() => {
        clearTimeout(timer);
        next(null);
      });
    });
  }
}
