// What a page does and asks beside its calls: forms that are sent, and the interface for its scripts.

/** @typedef {import('./session.js').Session} Session */

/**
 * Forms wait like calls. Only a session that is locked, or over by the page's reckoning, makes one wait.
 * @param {Session} session
 */
export function watchForms(session) {
  const waiting = new Set();
  addEventListener('submit', async (event) => {
    if (!session.isDoubtful) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (waiting.has(form)) return;
    waiting.add(form);
    const goesOn = await session.settled();
    waiting.delete(form);
    // Without an answer nothing is known: the gateway decides.
    if (goesOn && form.isConnected) resubmit(form, event.submitter);
  }, true);
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
function resubmit(form, submitter) {
  HTMLFormElement.prototype.requestSubmit.call(form, submitter?.isConnected ? submitter : null);
}

/**
 * `window.tenure`, for scripts that want to know; see README.md.
 * @param {Session} session
 */
export function offer(session) {
  const { fetch } = window;
  window.tenure = {
    get state() {
      return session.state;
    },
    on(name, listener) {
      session.news.addEventListener(name, (event) => listener(/** @type {CustomEvent} */ (event).detail));
    },
    async hold(...args) {
      if (session.isDoubtful) await session.settled();
      return fetch(...args);
    },
    saveDraft: (key, value) => session.keeper.take(key, value),
    draftAdapters: session.keeper.adapters,
  };
}
