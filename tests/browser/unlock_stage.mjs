// What the tests of unlocking in place share: a page that locks soon.

import { signIn } from './person.mjs';
import { SmallApp } from './small_app.mjs';
import { stage } from './stage.mjs';

export const LOCKED = 'locked because you were away';

/** As `stage()`, with a page to open. */
export function unlockStage() {
  const { before, run, demo, context: contextWith } = stage();

  /** A gateway with a short limit before a small application, and a page of it with somebody signed in. */
  async function opened({ html = '<textarea aria-label="Text" id="words"></textarea>', head, headers, policy = '', idle = '3s', options } = {}) {
    const app = new SmallApp();
    app.pages['/page'] = { html, head, headers };
    app.pages['/other'] = { html: '<p>Another page</p>' };
    await run(app);
    const gateway = await before(app.url, `preset = "custom"\nidle_timeout = "${idle}"\nwarn_before = "1s"\n${policy}`);
    const context = await contextWith(options);
    const page = await context.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/40[13]/.test(message.text())) errors.push(message.text());
    });
    await signIn(page, gateway, '/page');
    return { app, gateway, context, page, errors };
  }

  return { demo, contextWith, opened };
}
