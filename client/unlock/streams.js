// Event streams and sockets over a lock. Before one, they are the browser's own.

const { construct } = Reflect;
const { defineProperties } = Object;

/** @typedef {import('../session.js').Session} Session */

/**
 * Has an event source whose stream met the lock go on afterwards: the same object delivers what another connection
 * brings, from the last event that it had.
 * @param {EventSource} source
 * @param {Set<string>} types what the page listens for
 * @param {Function} native what makes another connection
 * @param {Session} session
 */
export function follow(source, types, native, session) {
  const listen = EventTarget.prototype.addEventListener;
  const readyState = Object.getOwnPropertyDescriptor(EventSource.prototype, 'readyState')?.get;
  const close = EventSource.prototype.close;
  /** @type {EventSource | null} */
  let inner = source;
  let closed = false;
  let last = '';
  /** @param {EventSource} of @returns {number} */
  const stateOf = (of) => readyState?.call(of);

  /** @param {Event} event */
  const hear = (event) => {
    const from = event.currentTarget;
    // The source's own connection is over, and this event is one that was passed on.
    if (from === source && inner !== source) return;
    if (from !== inner || closed) return event.stopImmediatePropagation();
    const { type, data, lastEventId, origin } = /** @type {MessageEvent} */ (event);
    last = lastEventId || last;
    if (type === 'error' && inner && stateOf(inner) === 2) {
      event.stopImmediatePropagation();
      pause(true);
    } else if (inner !== source) {
      source.dispatchEvent(data === undefined ? new Event(type) : new MessageEvent(type, { data, lastEventId, origin }));
    }
    if (type === 'tenure' && /locked/.test(data)) pause(false);
  };

  /** @param {boolean} refused the browser was refused a connection, by the lock or by the application */
  const pause = async (refused) => {
    if (inner) close.call(inner);
    inner = null;
    if (refused && session.state !== 'locked') await session.ask();
    const wasLocked = !refused || session.state === 'locked';
    // With `readyState` 0, as whenever a connection is lost and the browser tries again.
    if (wasLocked && !closed) source.dispatchEvent(new Event('error'));
    const goesOn = wasLocked && await session.settled();
    if (closed) return;
    if (!goesOn) {
      closed = true;
      source.dispatchEvent(new Event('error'));
      return;
    }
    const address = new URL(source.url);
    if (last) address.searchParams.set('tenure-last-event-id', last);
    inner = construct(native, [address, { withCredentials: source.withCredentials }]);
    for (const type of types) hearFrom(type);
  };
  /** @param {string} type */
  const hearFrom = (type) => inner && listen.call(inner, type, hear, true);

  for (const type of types) hearFrom(type);
  const add = types.add.bind(types);
  types.add = (type) => {
    if (!types.has(type)) hearFrom(type);
    return add(type);
  };
  defineProperties(source, {
    readyState: { get: () => closed ? 2 : inner ? stateOf(inner) : 0 },
    close: {
      value: () => {
        closed = true;
        if (inner) close.call(inner);
      },
    },
  });
}

/**
 * Stands in for a WebSocket that connects once the session isn't locked any more.
 * @param {any} native
 * @param {any[]} args
 * @param {Function} target
 * @param {Session} session
 */
export function socket(native, args, target, session) {
  /** @type {WebSocket} */
  const self = construct(EventTarget, [], target);
  /** @type {WebSocket | null} */
  let inner = null;
  let closed = false;
  let binaryType = 'blob';
  const address = new URL(args[0], document.baseURI);
  address.protocol = address.protocol.replace('http', 'ws');
  const early = () => new DOMException('Still in CONNECTING state.', 'InvalidStateError');

  /** @param {boolean} clean */
  const end = (clean) => {
    closed = true;
    if (!clean) self.dispatchEvent(new Event('error'));
    self.dispatchEvent(new CloseEvent('close', { code: 1006 }));
  };
  /** @param {string} name @param {any} without */
  const get = (name, without) => ({ get: () => inner ? Reflect.get(inner, name) : without });

  defineProperties(self, {
    url: { value: address.href },
    readyState: { get: () => inner ? inner.readyState : closed ? 3 : 0 },
    bufferedAmount: get('bufferedAmount', 0),
    extensions: get('extensions', ''),
    protocol: get('protocol', ''),
    binaryType: {
      get: () => binaryType,
      set: (value) => {
        binaryType = value;
        if (inner) inner.binaryType = value;
      },
    },
    send: {
      value: (/** @type {any} */ data) => {
        if (!inner) throw early();
        inner.send(data);
      },
    },
    close: {
      value: (/** @type {any[]} */ ...reason) => {
        if (inner) inner.close(...reason);
        else if (!closed) queueMicrotask(() => end(false));
      },
    },
  });
  for (const name of ['open', 'message', 'error', 'close']) {
    /** @type {Function | null} */
    let handler = null;
    self.addEventListener(name, (event) => handler?.call(self, event));
    Object.defineProperty(self, `on${name}`, { get: () => handler, set: (value) => { handler = value; } });
  }

  session.settled().then((goesOn) => {
    if (closed) return;
    if (!goesOn) return end(false);
    const made = /** @type {WebSocket} */ (construct(native, args));
    inner = made;
    made.binaryType = /** @type {BinaryType} */ (binaryType);
    for (const name of ['open', 'message', 'error', 'close']) {
      made.addEventListener(name, (event) => {
        const { type } = event;
        self.dispatchEvent(construct(/** @type {any} */ (event.constructor), [type, event]));
      });
    }
  });
  return self;
}
