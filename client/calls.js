// Calls of the application that meet a lock: the gateway says in a header that it alone sets that it did not pass
// them on, so they may wait and be sent again. Everything else goes through untouched.

const { apply, construct } = Reflect;
const Original = Request;

/** Larger bodies are not kept; the answer to such a call goes through as it is. */
const LARGEST = 32 * 1024 * 1024;

/** How many calls were made. */
let made = 0;

/** @typedef {import('./session.js').Session} Session */

/**
 * Puts a function in the place of another that is called with it; name, length and text stay.
 * @param {any} object
 * @param {string} name
 * @param {(native: any, self: any, args: any[]) => unknown} handler
 */
function wrap(object, name, handler) {
  object[name] = new Proxy(object[name], { apply: handler });
}

/** @param {string | URL} address */
const isOurs = (address) => new URL(address, document.baseURI).host === location.host;

/**
 * Whether an answer says that the call was not passed on because of the session. A step-up is the application's to
 * handle (RFC 9470).
 * @param {number} status
 * @param {(name: string) => string | null} header
 */
const isRefusal = (status, header) => status === 401 && header('tenure-not-forwarded') === '1'
  && !/insufficient/.test(header('www-authenticate') ?? '');

/** @param {Response} answer */
const refused = ({ status, headers }) => isRefusal(status, (name) => headers.get(name));

/**
 * As far as it can be known before it is read.
 * @param {any} body
 */
function sizeOf(body) {
  if (body instanceof ReadableStream) return Infinity;
  let size = body?.size ?? body?.byteLength ?? body?.length ?? 0;
  if (body instanceof FormData) body.forEach((value) => { size += sizeOf(value); });
  return size;
}

/**
 * A copy of what `fetch` is about to send; nothing if it can't or needn't be sent again.
 * @param {any} input
 * @param {RequestInit} [init]
 */
function copy(input, init) {
  const before = input instanceof Original ? input : null;
  const body = init?.body;
  // A stream is read once: what has no type by itself may be one.
  const isStream = before?.body && !body && !before.headers.get('content-type');
  try {
    if (isOurs(before?.url ?? input) && !isStream && sizeOf(body) <= LARGEST) return new Original(before?.clone() ?? input, init);
  } catch {
    // What is wrong with it, fetch itself says best.
  }
  return null;
}

/**
 * While calls from before an unlock are still being sent, one that changes something waits for its turn: it must not
 * overtake them. Gives nothing if it need not wait.
 * @template T
 * @param {Session} session
 * @param {string} method
 * @param {import('./unlock/queue.js').Call<T>} call
 */
function turnOf({ part }, method, call) {
  const waits = part?.queue.isMoving && !/^(get|head)$/i.test(method);
  return waits ? part.queue.hold(call, /** @type {T | undefined} */ (undefined)) : undefined;
}

/** @param {Session} session */
export function watchCalls(session) {
  wrap(window, 'fetch', async (native, self, args) => {
    const at = made += 1;
    const kept = copy(args[0], args[1]);
    if (!kept) return apply(native, self, args);
    const { method, signal } = kept;
    const call = { at, signal, refused, send: () => native(kept.clone()) };
    /** @type {Response} */
    const answer = await turnOf(session, method, call) ?? await apply(native, self, args);
    return refused(answer) ? session.wait(call, answer) : answer;
  });
  watchRequests(session);
  /** @type {any} */
  const page = window;
  page.WebSocket = new Proxy(WebSocket, {
    construct: (native, args, target) => session.part?.socket(native, args, target) ?? construct(native, args, target),
  });
  page.EventSource = new Proxy(EventSource, {
    construct(native, args, target) {
      const source = construct(native, args, target);
      if (isOurs(source.url)) follow(session, source, native);
      return source;
    },
  });
}

/**
 * Notes which events the page listens for, so that they can come from another connection after a lock.
 * @param {Session} session
 * @param {EventSource} source
 * @param {Function} native
 */
async function follow(session, source, native) {
  const types = new Set(['open', 'message', 'error', 'tenure']);
  wrap(source, 'addEventListener', (native, self, args) => {
    types.add(args[0]);
    apply(native, self, args);
  });
  (await session.load())?.follow(source, types, native);
}

/**
 * The same for `XMLHttpRequest`: what a refused attempt tells is kept from the page, and the same object is sent again.
 * @param {Session} session
 */
function watchRequests(session) {
  /**
   * @typedef {object} Sending
   * @property {any[]} opened
   * @property {any[][]} headers
   * @property {boolean} [hidden] this attempt was refused
   * @property {boolean} [again]
   * @property {() => void} [abort]
   * @property {() => void} [done]
   */
  /** @type {WeakMap<XMLHttpRequest, Sending>} */
  const all = new WeakMap();
  const { open, send, setRequestHeader, getResponseHeader } = XMLHttpRequest.prototype;

  /** @param {Event} event */
  const hear = (event) => {
    const request = /** @type {XMLHttpRequest} */ (event.target);
    const call = all.get(request);
    if (!call || !event.isTrusted) return;
    const { readyState, status } = request;
    if (readyState === 2) call.hidden = !!call.done && isRefusal(status, (name) => apply(getResponseHeader, request, [name]));
    if (call.hidden || (call.again && readyState < 2)) event.stopImmediatePropagation();
    if (event.type === 'loadend') call.done?.();
  };

  const { prototype } = XMLHttpRequest;
  wrap(prototype, 'open', (native, self, args) => {
    if (!all.has(self)) {
      for (const name of ['readystatechange', 'loadstart', 'progress', 'load', 'loadend']) {
        self.addEventListener(name, hear, true);
      }
    }
    all.get(self)?.abort?.();
    all.delete(self);
    apply(native, self, args);
    all.set(self, { opened: args, headers: [] });
  });
  wrap(prototype, 'setRequestHeader', (native, self, args) => {
    apply(native, self, args);
    const { headers } = all.get(self) ?? {};
    if (headers) headers[headers.length] = args;
  });
  wrap(prototype, 'abort', (native, self, args) => {
    all.get(self)?.abort?.();
    apply(native, self, args);
  });
  wrap(prototype, 'send', (native, self, args) => {
    const call = all.get(self);
    if (!call || call.opened[2] === false || !isOurs(call.opened[1]) || sizeOf(args[0]) > LARGEST) {
      apply(native, self, args);
      return;
    }
    const at = made += 1;
    /** @param {string} name */
    const tell = (name) => self.dispatchEvent(new ProgressEvent(name));
    const attempt = () => new Promise((/** @type {(answer: true) => void} */ done) => {
      call.done = () => done(true);
      if (call.again) {
        apply(open, self, call.opened);
        for (let n = 0; n < call.headers.length; n += 1) apply(setRequestHeader, self, call.headers[n] ?? []);
      }
      apply(send, self, args);
    });
    const met = async () => {
      const stop = new AbortController();
      const again = { at, signal: stop.signal, refused: () => !!call.hidden, send: attempt };
      try {
        const turn = turnOf(session, call.opened[0], again);
        if (turn) call.abort = () => stop.abort();
        if (!turn || !await turn) await attempt();
        if (!call.hidden) return;
        call.again = true;
        call.abort = () => stop.abort();
        await session.wait(again, true);
        if (!call.hidden) return;
        // It never could go on: now the page hears what the last attempt met.
        call.hidden = false;
        tell('readystatechange');
        tell('load');
      } catch {
        call.hidden = false;
        // Opened again, it is another call by now.
        if (all.get(self) !== call) return;
        tell('abort');
      }
      tell('loadend');
    };
    met();
  });
}
