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

/**
 * The session that this page was made for, if the browser took it from its history: then it may have come out of a
 * cache, without asking the server. The back/forward cache of whole pages is another matter.
 * @param {string | undefined} session
 */
function madeFor(session) {
  const [load] = performance.getEntriesByType('navigation');
  return Reflect.get(load ?? {}, 'type') === 'back_forward' ? session : undefined;
}

/**
 * @param {string} base
 * @param {string | undefined} shownTo the session that the page was made for
 */
function start(base, shownTo) {
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
    outer.addEventListener('DOMContentLoaded', () => start(base, shownTo), { once: true });
  } else {
    const session = new Session(link(base), base, madeFor(shownTo));
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

const { tenureBase = '/.tenure', tenureSession } = document.currentScript?.dataset ?? {};
start(tenureBase, tenureSession);
