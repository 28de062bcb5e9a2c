// The place of everything that the client shows: one dialog in a shadow root, the only thing in the page that it
// touches. By itself it only covers the page; what it says comes with the part that is loaded for it.

const CURTAIN = '.cover::backdrop { background: Canvas }';
/** Said until there is more to say. */
const CHECKING = 'Checking your session…';

export class Curtain {
  host = document.createElement('tenure-session');
  root = this.host.attachShadow({ mode: 'open' });
  box = document.createElement('dialog');

  constructor() {
    this.dress(CURTAIN);
    this.root.append(this.box);
  }

  /**
   * A constructed stylesheet is neither the application's to change nor a strict policy's to refuse.
   * @param {string} style
   */
  dress(style) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      this.root.adoptedStyleSheets = [sheet];
    } catch {
      // An old browser shows the dialog in its own style.
    }
  }

  /** Covers the page. */
  close() {
    this.place();
    this.box.className = 'cover';
    this.box.textContent = CHECKING;
    if (!this.box.open) this.box.showModal();
  }

  open() {
    if (this.box.open) this.box.close();
  }

  place() {
    if (!this.host.isConnected) document.documentElement.append(this.host);
  }
}
