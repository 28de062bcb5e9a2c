// The few questions the client puts to the gateway.

/** @typedef {import('./clock.js').Answer} Answer */

// Kept from the start, so that an application that replaces fetch does not see the client's calls.
const send = fetch.bind(globalThis);

/** Longer than this, and the question counts as unanswered. */
const PATIENCE_MS = 10_000;

/** @param {string} base */
export function link(base) {
  /**
   * @param {string} path
   * @param {RequestInit} [options]
   */
  const call = (path, options) => send(base + path, {
    cache: 'no-store',
    headers: { Accept: 'application/json', 'Tenure-Client': '1' },
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...options,
  });

  /**
   * The answer, or null when it is unknown: no network, the gateway restarting, its store not answering.
   * @param {string} path
   * @param {RequestInit} [options]
   * @param {string} [more] of the query
   * @returns {Promise<Answer | null>}
   */
  const question = async (path, options, more = '') => {
    try {
      const answer = await (await call(`${path}?for=${encodeURIComponent(location.pathname)}${more}`, options)).json();
      return /^(active|locked|ended|none)$/.test(answer?.state) ? answer : null;
    } catch {
      return null;
    }
  };

  return {
    call,
    ask: () => question('/session'),
    /** The same, but answered when the session stops, or after half a minute. @param {AbortSignal} signal */
    wait: (signal) => question('/session', { signal }, '&wait=1'),
    extend: () => question('/session/extend', { method: 'POST' }),
    report: () => question('/session/activity', { method: 'POST', keepalive: true }),
    /** Signs out; gives the address to go to, or null when it did not work. */
    async signOut() {
      try {
        const response = await call('/sign-out', { method: 'POST' });
        if (response.status >= 500) return null;
        return response.redirected ? response.url : `${base}/why`;
      } catch {
        return null;
      }
    },
  };
}
