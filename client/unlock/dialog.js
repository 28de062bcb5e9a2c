// What the client shows: a warning, a cover, or a bar below a page that stays readable.

import { say, spell } from '../say.js';
import words from '../words.js';

/**
 * @typedef {object} Button
 * @property {string} label
 * @property {() => void} press
 */

/**
 * @typedef {object} Face
 * @property {string} key the dialog is built anew, and takes the focus, only when this changes
 * @property {string} title
 * @property {string} text
 * @property {Button[]} buttons the first is the main one
 * @property {boolean} cover nothing behind is shown
 * @property {boolean} [bar] it stands below the page, which can be used
 * @property {() => void} [leave] what Escape does; without it the dialog stays
 * @property {boolean} [signIn] the form to sign in is shown in it
 * @property {boolean} ready the main button has the focus; otherwise the heading, so that no stray key presses it
 */

const STYLE = `
:host { all: initial }
dialog {
--text: #1d2a31; --surface: #fff; --edge: #75868f; --accent: #1f5f7e; --tint: #e8f1f5;
box-sizing: border-box; inline-size: min(28rem, 100vw - 1.5rem); max-block-size: calc(100vh - 1.5rem);
padding: clamp(1.25rem, 5vw, 2rem); overflow: auto; font: 1rem/1.5 system-ui, sans-serif;
color: var(--text); background: var(--surface); border: 1px solid var(--edge); border-radius: 14px
}
dialog::backdrop { background: #12191d8c }
.bar {
position: fixed; inset: auto 0 0; z-index: 2147483647; inline-size: 100%; max-inline-size: none; padding: .75rem clamp(1rem, 4vw, 2rem);
display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; border-width: 2px 0 0; border-radius: 0
}
.bar h2, .bar p, .bar .buttons { margin: 0 }
.bar h2 { font-size: 1rem }
.cover::backdrop { background: #f4f6f7 }
h2, p { margin: 0 0 .75rem; overflow-wrap: break-word }
h2 { font-size: 1.25rem; line-height: 1.3; outline: none }
.left { font-weight: 600; font-variant-numeric: tabular-nums }
p:empty, .form:empty { display: none }
iframe { display: block; inline-size: calc(100% + .5rem); block-size: 16rem; margin: 0 -.25rem; border: 0; color-scheme: inherit }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-block-start: 1.25rem }
button {
min-block-size: 2.875rem; padding: .5rem 1.125rem; font: inherit; font-weight: 600; cursor: pointer;
color: var(--accent); background: var(--surface); border: 1px solid var(--edge); border-radius: 10px
}
button:hover { background: var(--tint) }
.form:empty + .buttons button:first-child { color: var(--surface); background: var(--accent); border-color: var(--accent) }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.said { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%) }
@media (prefers-color-scheme: dark) {
dialog { --text: #e8eef1; --surface: #1b252a; --edge: #80929b; --accent: #84c5e3; --tint: #1f3139; color-scheme: dark }
.cover::backdrop { background: #12191d }
}
`;

/**
 * @template {Element} T
 * @param {T} element
 * @param {Record<string, string>} attributes
 */
function dress(element, attributes) {
  for (const name in attributes) element.setAttribute(name, attributes[name] ?? '');
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} [attributes]
 */
const make = (tag, attributes = {}) => dress(document.createElement(tag), attributes);

export class Dialog {
  title = make('h2', { id: 'title', tabindex: '-1' });
  text = make('p', { id: 'text' });
  left = make('p', { id: 'left', class: 'left' });
  busy = make('p', { role: 'status' });
  // Outside the dialog, for what is said when it has closed; in it, for what is said while it is open.
  after = make('p', { class: 'said', role: 'status' });
  said = make('p', { class: 'said', role: 'status' });
  form = make('div', { class: 'form' });
  buttons = make('div', { class: 'buttons' });
  /** @type {Face | null} */
  face = null;
  heard = Infinity;
  isBar = false;

  /** @param {import('../curtain.js').Curtain} curtain */
  constructor(curtain) {
    this.curtain = curtain;
    this.box = curtain.box;
    dress(this.box, { 'aria-labelledby': 'title', 'aria-describedby': 'text left', lang: words.lang, dir: words.dir });
    curtain.dress(STYLE);
    curtain.open();
    this.box.replaceChildren(this.title, this.text, this.left, this.busy, this.said, this.form, this.buttons);
    curtain.root.append(this.after);
    this.box.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.face?.leave?.();
    });
    // Browsers close a dialog at a repeated Escape whatever its cancel event says.
    this.box.addEventListener('close', () => {
      const { face, box } = this;
      if (!face || box.open) return;
      this.face = null;
      if (face.leave) face.leave();
      else this.show(face);
    });
  }

  /** @param {Face} face */
  show(face) {
    this.curtain.place();
    if (this.face?.key === face.key && this.box.open) return;
    this.face = face;
    this.heard = Infinity;
    this.after.textContent = this.said.textContent = this.left.textContent = '';
    this.title.textContent = face.title;
    this.text.textContent = face.text;
    this.box.className = face.bar ? 'bar' : face.cover ? 'cover' : '';
    if (!face.signIn) this.form.textContent = '';
    this.buttons.textContent = '';
    // By its index: an application may have replaced what lists are walked with.
    for (let place = 0; place < face.buttons.length; place += 1) {
      const { label, press } = /** @type {Button} */ (face.buttons[place]);
      const button = make('button', { type: 'button' });
      button.textContent = label;
      button.addEventListener('click', press);
      this.buttons.append(button);
    }
    if (face.bar || this.isBar) this.box.close();
    this.isBar = !!face.bar;
    if (face.bar) {
      // Shown by its attribute, it leaves the focus where it is.
      this.box.setAttribute('open', '');
      this.after.textContent = face.title;
      return;
    }
    if (!this.box.open) this.box.showModal();
    const first = face.ready ? this.buttons.querySelector('button') : null;
    (first ?? this.title).focus();
  }

  /**
   * Shows what is left, and says it at a few sensible moments only.
   * @param {number} ms
   */
  count(ms) {
    this.left.textContent = say(words.left, { time: spell(ms) });
    const isMark = (/** @type {number} */ mark) => ms <= mark && this.heard > mark && this.heard !== Infinity;
    if (isMark(120_000) || isMark(60_000) || isMark(20_000)) this.said.textContent = this.left.textContent;
    this.heard = ms;
  }

  /** @param {string} word empty: nothing to wait for */
  wait(word) {
    if (this.busy.textContent !== word) this.busy.textContent = word;
  }

  /** @param {string} [word] said once the dialog has gone */
  hide(word = '') {
    if (!this.face) return;
    this.face = null;
    this.form.textContent = '';
    this.box.close();
    this.after.textContent = word;
  }
}
