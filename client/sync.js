// Hints between the tabs of one browser. A hint says "something changed, ask the server" and nothing else: it
// never extends, locks or uncovers anything by itself.

const KEY = 'tenure.hint';

/** @param {() => void} hinted */
export function sync(hinted) {
  let seen = '';
  /** @type {BroadcastChannel | null} */
  let channel = null;

  /** @param {unknown} id */
  const take = (id) => {
    if (typeof id !== 'string' || id === seen) return;
    seen = id;
    hinted();
  };

  // localStorage tells other tabs by an event, and a tab that was frozen meanwhile by what it reads later.
  addEventListener('storage', (event) => {
    if (event.key === KEY) take(event.newValue);
  });

  return {
    /** Tells the other tabs. */
    post() {
      seen = `${Date.now()}-${Math.random()}`;
      try {
        localStorage.setItem(KEY, seen);
      } catch {
        // Storage is off in this browser; the channel is left.
      }
      channel?.postMessage(seen);
    },
    /** A channel that is open when a message comes costs a cached page its place: only shown pages have one. */
    open() {
      try {
        channel ??= new BroadcastChannel(KEY);
        channel.onmessage = (event) => take(event.data);
      } catch {
        // Opaque origins have none.
      }
    },
    close() {
      channel?.close();
      channel = null;
    },
  };
}
