// Notes what is typed until there is something to keep, and then loads the part that keeps it.

/**
 * How an editor that is no form field gives and takes its text.
 * @typedef {object} Adapter
 * @property {(element: Element) => string} read
 * @property {(element: Element, text: string) => void} write
 * @property {(element: Element) => string} [initial] what it held before anything was typed
 */

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
    // There is a database only while there are drafts. A mark in localStorage would be cheaper, but does not
    // outlive a crash by itself.
    indexedDB?.databases?.().then((all) => {
      this.kept = all.some(({ name }) => name === 'tenure');
      this.look();
    }).catch(() => {});
    addEventListener('focusin', ({ target }) => note(target), true);
    addEventListener('input', ({ isTrusted, target }) => {
      if (isTrusted && target) this.look(this.touched.add(target));
    }, true);
    /** @type {any} */
    const page = window;
    page.tenure = {
      ...page.tenure,
      /** @param {string} key @param {string} value */
      saveDraft: (key, value) => this.look(this.touched.add([key, value])),
      draftAdapters: this.adapters,
    };
  }

  /**
   * Something was typed, or the server has answered.
   * @param {unknown} [_news]
   */
  look(_news) {
    const { base, known } = this.session;
    if (this.part) this.part.look?.();
    else if (known.answer?.drafts === 'on' && (this.touched.size || this.kept)) {
      // Without a network, the next input tries again.
      this.part = import(`${base}/drafts.js`).then((part) => part.begin(this)).catch(() => {}).then((part) => { this.part = part; });
    }
  }
}
