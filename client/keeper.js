// Notes what is typed until there is something to keep, and then loads the part that keeps it.

/** @typedef {import('./tenure').DraftAdapter} Adapter */
/** @typedef {import('./session.js').Session} Session */

export class Keeper {
  /** What fields held when they were first given the focus; false for passwords. @type {WeakMap<EventTarget, string | false>} */
  before = new WeakMap();
  /**
   * What has not been looked at: fields with real input, and keys with the texts that the application handed over.
   * @type {Set<EventTarget | [string, string]>}
   */
  touched = new Set();
  /** By selector. @type {Map<string, Adapter>} */
  adapters = new Map();
  /** Whether this browser keeps anything, of this page or of another. */
  kept = false;
  /** What keeps, or the promise of it. @type {any} */
  part = undefined;

  /** @param {Session} session */
  constructor(session) {
    this.session = session;
    /** @param {any} field */
    const note = (field) => {
      if (!this.before.has(field)) this.before.set(field, field.type !== 'password' && (field.isContentEditable ? field.innerText : field.value));
    };
    note(document.activeElement ?? this);
    this.findDatabase();
    addEventListener('focusin', ({ target }) => note(target), true);
    addEventListener('input', ({ isTrusted, target }) => {
      if (isTrusted && target) this.look(this.touched.add(target));
    }, true);
  }

  /**
   * There is a database only while there are drafts. A mark in localStorage would be cheaper, but does not outlive a
   * crash by itself.
   */
  async findDatabase() {
    try {
      this.kept = (await indexedDB.databases()).some(({ name }) => name === 'tenure');
      this.look();
    } catch {
      // No storage, no drafts.
    }
  }

  /**
   * Takes a text that a script of the page hands over.
   * @param {string} key
   * @param {string} value
   */
  take(key, value) {
    this.look(this.touched.add([key, value]));
  }

  /**
   * Something was typed, or the server has answered.
   * @param {unknown} [_news]
   */
  look(_news) {
    const { known } = this.session;
    // Where the page's scripts have replaced what drafts stand on, the session goes on without them.
    const fail = () => { this.part = { failed: true }; };
    try {
      if (this.part) this.part.look?.();
      else if (known.answer?.drafts === 'on' && (this.touched.size || this.kept)) {
        // Without a network, the next input tries again.
        this.part = this.session.late().then((late) => { this.part = late?.keep(this); }).catch(fail);
      }
    } catch {
      fail();
    }
  }
}
