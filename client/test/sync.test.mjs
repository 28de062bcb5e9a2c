import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

/** One browser: its storage, its tabs, and which of their channels are open. */
class Browser {
  tabs = [];

  /** Runs `use` as code of `tab` would run. */
  as(tab, use) {
    globalThis.addEventListener = (name, handler) => tab.listeners.push([name, handler]);
    globalThis.localStorage = {
      setItem: (key, value) => {
        if (this.full) throw new Error('QuotaExceededError');
        for (const other of this.tabs.filter((one) => one !== tab && !one.frozen)) {
          for (const [name, handler] of other.listeners) if (name === 'storage') handler({ key, newValue: value });
        }
      },
    };
    const browser = this;
    globalThis.BroadcastChannel = class {
      constructor() { tab.channel = this; }
      postMessage(data) {
        for (const other of browser.tabs.filter((one) => one !== tab)) other.channel?.onmessage?.({ data });
      }
      close() { tab.channel = null; }
    };
    return use();
  }
}

const kept = {};
beforeEach(() => Object.assign(kept, { addEventListener: globalThis.addEventListener, BroadcastChannel: globalThis.BroadcastChannel }));
afterEach(() => {
  Object.assign(globalThis, kept);
  delete globalThis.localStorage;
});

async function tabs(count) {
  const { sync } = await import('../sync.js');
  const browser = new Browser();
  for (let n = 0; n < count; n += 1) {
    const tab = { listeners: [], channel: null, hints: 0 };
    browser.tabs.push(tab);
    tab.link = browser.as(tab, () => sync(() => { tab.hints += 1; }));
    browser.as(tab, () => tab.link.open());
  }
  return browser;
}

test('a change reaches every other tab once, although it travels twice', async () => {
  const browser = await tabs(3);
  browser.as(browser.tabs[0], () => browser.tabs[0].link.post());
  assert.deepEqual(browser.tabs.map((tab) => tab.hints), [0, 1, 1]);
});

test('with storage off, the channel carries the hint', async () => {
  const browser = await tabs(2);
  browser.full = true;
  browser.as(browser.tabs[0], () => browser.tabs[0].link.post());
  assert.equal(browser.tabs[1].hints, 1);
});

test('a tab that was put aside has no channel open, and has one again when it is back', async () => {
  const browser = await tabs(2);
  const [first, second] = browser.tabs;
  second.link.close();
  second.frozen = true;
  assert.equal(second.channel, null);
  browser.as(first, () => first.link.post());
  assert.equal(second.hints, 0);
  browser.as(second, () => second.link.open());
  browser.as(first, () => first.link.post());
  assert.equal(second.hints, 1);
});

test('what other scripts write under the same key is at most a hint', async () => {
  const browser = await tabs(1);
  const [tab] = browser.tabs;
  const storage = tab.listeners.find(([name]) => name === 'storage')[1];
  storage({ key: 'tenure.hint', newValue: null });
  storage({ key: 'other', newValue: 'x' });
  tab.channel.onmessage({ data: { state: 'active' } });
  assert.equal(tab.hints, 0);
});
