// One browser for a file of tests; contexts and gateways that go when the test that made them ends.

import { createServer } from 'node:http';
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
    /** What goes when the test ends. */
    kept,
    demo: (limits) => kept(startDemo(limits)),
    /** `tenure serve` before a shop of its own, with lines of `[policy]` and routes. */
    async serve({ policy, routes = '' }) {
      const shop = await kept(startShop());
      return kept(startGateway(shop.url, `[policy]\npreset = "custom"\n${policy}\n${routes}`));
    },
    /** `tenure serve` before any application, with lines of `[policy]`. */
    before: (upstream, policy) => kept(startGateway(upstream, `[policy]\n${policy}\n`)),
    /** Starts a program of the test's own. */
    run: (program) => kept(program.start()),
    /** A small server of the test's own. */
    async listen(answer) {
      const server = createServer(answer);
      cleanUp.push(() => {
        server.close();
        server.closeAllConnections();
      });
      await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
      return { url: `http://127.0.0.1:${server.address().port}` };
    },
    context: async (options = {}) => prepared(await browser.newContext(options)),
    contextWithoutCookies: async (options = {}) => prepared(await launchWithoutCookies(options)),
  };
}
