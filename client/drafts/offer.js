// The bar that offers a draft, the panel that shows one beside what is there now, and the question before signing out.
// All of it is in a shadow root of its own, and nothing of it takes the focus by itself but the question.

import words from '../words.js';

/**
 * @typedef {object} Choice
 * @property {string} label
 * @property {() => void} press
 */

/**
 * One field in the panel.
 * @typedef {object} Row
 * @property {string} label
 * @property {string} yours
 * @property {string | undefined} theirs absent: there is no such field now
 * @property {string} note
 * @property {(() => void) | undefined} take
 */

const STYLE = `
:host { all: initial }
section, dialog {
--text: #1d2a31; --surface: #fff; --edge: #75868f; --accent: #1f5f7e; --tint: #e8f1f5;
box-sizing: border-box; padding: .75rem 1rem; overflow: auto; font: 1rem/1.5 system-ui, sans-serif;
color: var(--text); background: var(--surface); border: 1px solid var(--edge); border-radius: 12px
}
section {
position: fixed; inset: auto auto .75rem .75rem; z-index: 2147483646; max-inline-size: min(46rem, 100vw - 1.5rem);
max-block-size: min(70vh, 40rem); box-shadow: 0 4px 18px #0003
}
dialog { max-inline-size: min(28rem, 100vw - 1.5rem); padding: 1.5rem }
dialog::backdrop { background: #12191d8c }
h2, h3, h4, p, li { margin: 0; font-size: 1rem; overflow-wrap: anywhere }
h4, small { font-size: .875rem; font-weight: 400 }
div { display: flex; flex-wrap: wrap; gap: .5rem; margin-block: .5rem }
.row { padding-block: .75rem; border-block-start: 1px solid var(--edge); display: grid; margin: 0 }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); margin: 0 }
pre {
margin: 0; padding: .5rem; max-block-size: 12rem; overflow: auto; font: inherit; white-space: pre-wrap;
overflow-wrap: anywhere; background: var(--tint); border-radius: 8px
}
button {
min-block-size: 2.5rem; padding: .25rem .875rem; font: inherit; font-weight: 600; cursor: pointer;
color: var(--accent); background: var(--surface); border: 1px solid var(--edge); border-radius: 10px
}
button:hover { background: var(--tint) }
button:first-child { color: var(--surface); background: var(--accent); border-color: var(--accent) }
button:focus-visible, pre:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
@media (prefers-color-scheme: dark) {
section, dialog { --text: #e8eef1; --surface: #1b252a; --edge: #80929b; --accent: #84c5e3; --tint: #1f3139; color-scheme: dark }
}
`;

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [text]
 * @param {object} [properties]
 */
function make(tag, text = '', properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...properties });
}

/** @param {Choice[]} choices */
function buttons(choices) {
  const row = make('div');
  row.append(...choices.map(({ label, press }) => make('button', label, { type: 'button', onclick: press })));
  return row;
}

/**
 * A text under its heading; long ones can be scrolled by keys.
 * @param {string} heading
 * @param {string} text
 */
function shown(heading, text) {
  const part = make('article');
  part.append(make('h4', heading), make('pre', text || '–', { tabIndex: 0, role: 'region', ariaLabel: heading }));
  return part;
}

export class Bar {
  host = document.createElement('tenure-drafts');
  box = make('section', '', { ariaLabel: words.drafts, lang: words.lang, dir: words.dir });
  said = make('p', '', { role: 'status' });

  constructor() {
    const root = this.host.attachShadow({ mode: 'open' });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch {
      // An old browser shows it in its own style.
    }
  }

  /**
   * Shows a sentence with what can be done about it, and the fields it is about.
   * @param {string} text
   * @param {Choice[]} choices
   * @param {Row[]} [rows]
   * @param {() => void} [done] every row has been answered
   */
  say(text, choices, rows = [], done = () => {}) {
    const list = rows.map((row) => this.rowOf(row, done));
    this.box.replaceChildren(this.said, buttons(choices), ...list);
    this.host.shadowRoot?.replaceChildren(this.box);
    document.documentElement.append(this.host);
    // A status is read out when its text comes after it.
    this.said.textContent = '';
    setTimeout(() => { this.said.textContent = text; });
    list[0]?.focus();
  }

  /**
   * @param {Row} row
   * @param {() => void} done
   */
  rowOf({ label, yours, theirs, note, take }, done) {
    const box = make('div', '', { className: 'row', tabIndex: -1 });
    const answered = () => {
      const next = box.nextElementSibling ?? box.previousElementSibling;
      box.remove();
      if (!this.box.querySelector('.row')) done();
      else if (next instanceof HTMLElement) next.focus();
    };
    const pair = make('div', '', { className: 'pair' });
    pair.append(shown(words.yours, yours));
    if (theirs !== undefined) pair.append(shown(words.theirs, theirs));
    box.append(make('h3', label), pair, make('small', note));
    if (take) {
      box.append(buttons([
        { label: words.take, press: () => { take(); answered(); } },
        { label: words.keep, press: () => answered() },
      ]));
    }
    return box;
  }

  hide() {
    this.host.remove();
  }

  /**
   * Asks before something is lost.
   * @param {string[]} pages
   * @returns {Promise<boolean>}
   */
  ask(pages) {
    const dialog = make('dialog', '', { ariaLabel: words.leaving, lang: words.lang, dir: words.dir });
    const list = make('ul');
    list.append(...pages.map((page) => make('li', page)));
    return new Promise((resolve) => {
      /** @param {boolean} answer */
      const end = (answer) => {
        resolve(answer);
        dialog.remove();
        if (!this.box.isConnected) this.hide();
      };
      dialog.append(make('h2', words.leaving), make('p', words.leavingText), list, buttons([
        { label: words.stay, press: () => end(false) },
        { label: words.leave, press: () => end(true) },
      ]));
      dialog.onclose = () => end(false);
      this.host.shadowRoot?.append(dialog);
      document.documentElement.append(this.host);
      dialog.showModal();
    });
  }
}
