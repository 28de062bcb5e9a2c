// Where the client starts: one per page, and in frames of the same site none at all beside the page's own.

import { listen } from './activity.js';
import { watchCalls } from './calls.js';
import { watchForms, offer } from './page.js';
import { link } from './link.js';
import { Session } from './session.js';

const MARK = Symbol.for('tenure');

/**
 * The window around this frame, if it belongs to the same site.
 * @returns {Window | undefined}
 */
function around() {
  try {
    // Reading another site's window throws.
    return window.parent !== window && window.parent.document ? window.parent : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} base */
function start(base) {
  // A sandboxed frame without an origin can neither ask nor remember.
  if (origin === 'null' || Reflect.get(window, MARK)) return;
  const outer = around();
  /** @type {Session | undefined} */
  const theirs = outer && Reflect.get(outer, MARK);
  if (theirs) {
    Reflect.set(window, MARK, theirs);
    listen(document, () => theirs.input());
    adopt(theirs);
  } else if (outer?.document.readyState === 'loading') {
    // The page around starts its own client at the end of its markup.
    outer.addEventListener('DOMContentLoaded', () => start(base), { once: true });
  } else {
    const session = new Session(link(base), base);
    Reflect.set(window, MARK, session);
    adopt(session);
    session.begin();
  }
}

/** @param {Session} session what the window's calls and forms wait for */
function adopt(session) {
  watchCalls(session);
  watchForms(session);
  offer(session);
}

start(document.currentScript?.dataset['tenureBase'] ?? '/.tenure');
