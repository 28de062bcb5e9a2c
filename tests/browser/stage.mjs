// One browser for a file of tests; contexts and gateways that go when the test that made them ends.

import { after, afterEach, before } from 'node:test';
import { launch, launchWithoutCookies } from './harness.mjs';
import { startDemo, startGateway, startShop, stopAll } from './tenure.mjs';

/** Must be called at the top of a file of tests. */
export function stage() {
  let browser;
  /** @type {(() => unknown)[]} */
  let cleanUp = [];

  before(async () => { browser = await launch(); });
  afterEach(async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  });
  after(async () => {
    await browser?.close();
    stopAll();
  });

  const kept = async (starting) => {
    const gateway = await starting;
    cleanUp.push(() => gateway.stop());
    return gateway;
  };
  const prepared = (context) => {
    context.setDefaultTimeout(10_000);
    cleanUp.push(() => context.close());
    return context;
  };
  return {
    demo: (limits) => kept(startDemo(limits)),
    /** `tenure serve` before a shop of its own, with lines of `[policy]` and routes. */
    async serve({ policy, routes = '' }) {
      const shop = await kept(startShop());
      return kept(startGateway(shop.url, `[policy]\npreset = "custom"\n${policy}\n${routes}`));
    },
    context: async (options = {}) => prepared(await browser.newContext(options)),
    contextWithoutCookies: async (options = {}) => prepared(await launchWithoutCookies(options)),
  };
}
