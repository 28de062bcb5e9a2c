// The form to sign in: a page of the gateway in a frame, where password managers find it. Where a policy of the
// application forbids the frame, a window that a click opens.

import words from '../words.js';

/** How long the form may take to appear, in milliseconds. */
const LOAD_MS = 8000;
/** How often the server is asked while the window is open. */
const WINDOW_LOOK_MS = 1000;

export class SignInFrame {
  /** @type {Window | null} */
  window = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  timer = undefined;

  /**
   * @param {import('../session.js').Session} session
   * @param {import('./dialog.js').Dialog} dialog
   */
  constructor(session, dialog) {
    this.session = session;
    this.dialog = dialog;
  }

  get address() {
    const { base, known } = this.session;
    return `${known.answer?.unlock_url ?? `${base}/unlock`}?frame=1&return_to=${encodeURIComponent(location.pathname)}`;
  }

  /** Shows the form, unless it is there. */
  show() {
    if (this.dialog.form.firstChild) return;
    const frame = document.createElement('iframe');
    frame.title = words.signIn;
    frame.src = this.address;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fall(), LOAD_MS);
    frame.addEventListener('load', () => this.loaded(frame));
    this.dialog.form.append(frame);
  }

  /** @param {HTMLIFrameElement} frame */
  loaded(frame) {
    if (!frame.isConnected) return;
    clearTimeout(this.timer);
    // A page that was blocked is nobody's, and can't be looked into.
    const page = frame.contentDocument;
    const main = page?.querySelector('main');
    if (!page || !main) return this.fall();
    page.querySelector('form')?.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send(page, /** @type {HTMLFormElement} */ (event.target));
    });
    const fit = () => frame.style.setProperty('block-size', `${main.scrollHeight}px`);
    new ResizeObserver(fit).observe(main);
    fit();
    page.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.dialog.face?.leave?.();
    });
    /** @type {HTMLElement | null} */
    const field = page.querySelector('[autofocus]');
    if (field) field.focus();
    else this.session.ask();
  }

  /**
   * Sends the form as the frame would, but leaves nothing in the history of the tab: Back is to lead to where it led.
   * @param {Document} page
   * @param {HTMLFormElement} form
   */
  async send(page, form) {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    let problem = words.noAnswer;
    try {
      const path = form.getAttribute('action')?.slice(this.session.base.length) ?? '';
      const answer = await this.session.link.call(path, { method: 'POST', body, redirect: 'manual' });
      if (answer.type === 'opaqueredirect') {
        await this.session.ask();
        return;
      }
      problem = (await answer.json()).detail ?? problem;
    } catch {
      // No answer: what to do about it is said.
    }
    const note = page.getElementById('problem') ?? page.createElement('p');
    note.id = 'problem';
    note.className = 'note problem';
    note.setAttribute('role', 'alert');
    note.textContent = problem;
    form.before(note);
    /** @type {HTMLInputElement | null} */
    const field = form.querySelector('[type=password]');
    field?.setAttribute('aria-describedby', 'problem');
    field?.select();
  }

  /** The form can't be shown here. */
  fall() {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = words.openWindow;
    button.addEventListener('click', () => {
      this.window = open(this.address, '', 'popup,width=480,height=640');
      this.timer = setInterval(() => this.session.ask(), WINDOW_LOOK_MS);
    });
    const text = document.createElement('p');
    text.textContent = words.frameBlocked;
    this.dialog.form.replaceChildren(text, button);
    button.focus();
  }

  /** The session isn't locked any more. */
  done() {
    clearInterval(this.timer);
    this.window?.close();
    this.window = null;
  }
}
