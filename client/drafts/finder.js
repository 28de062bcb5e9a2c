// What was kept for a page: found, opened, and offered; and the list of all that is kept.

import { adapterOf, fieldsOf, formKey } from './fields.js';
import { judge, merge } from './judge.js';
import { Bar } from './offer.js';
import { VERSION, hash, open, ownerOf } from './seal.js';
import { list } from './shelf.js';
import { prune, wipe } from './clear.js';
import { all, fence, remove } from './store.js';
import { read } from './values.js';
import { write } from './write.js';
import { typed } from '../say.js';
import words from '../words.js';

/** In the tab's own storage: the place of a page in the history, and the record of its form that is on its way. */
export const SENT = 'tenure.sent';

/** @typedef {import('./fields.js').Field} Field */
/** @typedef {import('./merge.js').Draft} Draft */
/** @typedef {import('./merge.js').Entry} Entry */

/**
 * A field of a draft that was found, beside what is in the page.
 * @typedef {object} Found
 * @property {string} key
 * @property {Entry} entry
 * @property {Field | undefined} field
 * @property {string | undefined} now
 * @property {'same' | 'free' | 'clash' | 'gone'} verdict
 */

export class Finder {
  bar = new Bar();
  /** The records of the offer that is open. @type {string[]} */
  offered = [];
  /** @type {Map<string, Draft>} */
  found = new Map();

  /** @param {import('./drafts.js').Drafts} drafts */
  constructor(drafts) {
    this.drafts = drafts;
    this.keeper = drafts.keeper;
    this.arrived = arrived(drafts.session.base);
  }

  /** @param {string} text */
  warn(text) {
    this.bar.say(text, [{ label: words.later, press: () => this.bar.hide() }]);
  }

  /** Whether to sign out although something was not sent; if so, it is removed. */
  async mayLeave() {
    const { drafts } = this;
    try {
      drafts.owner ||= await ownerOf(drafts.subject);
      const pages = (await list(drafts.key, drafts.owner)).map(({ title, path }) => title || path);
      if (pages.length && !await this.bar.ask([...new Set(pages)])) return false;
      drafts.fence = await wipe(drafts.owner);
    } catch {
      // Storage that does not answer has nothing that could be read.
    }
    return true;
  }

  /** Looks for drafts of this page. */
  async find() {
    const { drafts: kept } = this;
    kept.owner ||= await ownerOf(kept.subject);
    const page = `${kept.owner}.${await hash(kept.path)}`;
    // While it is locked, the key is not to be had; the dialog to unlock is there.
    if (kept.state !== 'active') return;
    this.bar.hide();
    kept.fence = await fence(kept.owner);
    this.keeper.kept = await prune(VERSION, kept.owner);
    const records = this.keeper.kept ? await all(page) : [];
    let { arrived } = this;
    this.arrived = '';
    /** @type {Draft[]} */
    const drafts = [];
    /** @type {string[]} */
    const bad = [];
    this.offered = [];
    for (const record of records) {
      if (record.version !== VERSION || record.id.endsWith(kept.view)) continue;
      const key = await kept.key(record.key);
      const draft = key && await open(key, record);
      if (!draft) bad.push(record.id);
      else if (record.id !== arrived || this.isBack(draft)) {
        if (record.id === arrived) arrived = '';
        this.offered.push(record.id);
        drafts.push(draft);
      }
    }
    if (arrived) await remove([arrived]);
    this.found = merge(drafts);
    if (this.rows().length) this.offer();
    else if (bad.length) this.bar.say(words.broken, [{ label: words.discard, press: () => this.discard(bad) }]);
  }

  /**
   * Whether the application gave a form back as it was sent, which is how many say that something is wrong with it.
   * @param {Draft} draft
   */
  isBack(draft) {
    return !arrival()?.redirectCount && this.rowsOf(draft).some(({ verdict }) => verdict === 'same');
  }

  /**
   * @param {Draft} draft
   * @returns {Found[]}
   */
  rowsOf({ form: wanted, fields }) {
    const { adapters } = this.keeper;
    const form = [null, ...document.forms].find((one) => formKey(one, document.forms) === wanted);
    const tags = Object.keys(fields).map((key) => key.split('|')[0] ?? '').filter((tag) => tag.includes('-'));
    const there = form === undefined ? new Map() : fieldsOf(form, adapters, tags, this.keeper.before);
    return Object.entries(fields).map(([key, entry]) => {
      /** @type {Field | undefined} */
      const field = there.get(key);
      const now = field && read(field, adapterOf(field, adapters));
      return { key, entry, field, now, verdict: judge(key, entry, now, !!field && this.drafts.hot.has(field)) };
    });
  }

  /** What was found and is not in the page. */
  rows() {
    return [...this.found.values()].flatMap((draft) => this.rowsOf(draft)).filter(({ verdict }) => verdict !== 'same');
  }

  /** @param {Found[]} [rows] to be shown one by one */
  offer(rows = []) {
    const later = { label: words.later, press: () => this.bar.hide() };
    const discard = { label: words.discard, press: () => this.discard(this.offered) };
    const at = Math.max(...[...this.found.values()].map((draft) => draft.at));
    this.bar.say(typed(at), [
      // A field that is not there yet may be drawn by the page's scripts before the button is pressed.
      ...(this.rows().some(({ verdict }) => verdict !== 'clash') ? [{ label: words.restore, press: () => this.restore() }] : []),
      ...(rows.length ? [] : [{ label: words.show, press: () => this.offer(this.rows()) }]),
      ...(rows.length ? [later, discard] : [discard, later]),
    ], rows.map((row) => this.shown(row)), () => this.done());
  }

  /**
   * @param {Found} row
   * @returns {import('./offer.js').Row}
   */
  shown(row) {
    const { key, entry, field, now } = row;
    const [kind] = key.split('|');
    const note = kind === 'file' ? words.files : !field ? words.gone : kind === 'edit' ? words.plain : '';
    return {
      label: field ? labelOf(field) : key.split('|')[1] ?? '', yours: entry.v, theirs: now, note,
      take: field && kind !== 'file' ? () => this.set(row) : undefined,
    };
  }

  /** Puts back what nobody has changed since, and shows the rest. */
  restore() {
    const left = this.rows().filter((row) => row.verdict !== 'free' || !this.set(row));
    const rest = left.filter(({ key, entry }) => {
      const [kind, name] = key.split('|');
      const detail = { key: name, value: entry.v };
      if (kind !== 'custom' || document.dispatchEvent(new CustomEvent('tenure-draft', { detail, cancelable: true }))) return true;
      this.keeper.touched.add([name ?? '', entry.v]);
      return false;
    });
    if (rest.length) this.offer(rest);
    else this.done();
  }

  /** @param {Found} row */
  set({ key, entry, field }) {
    if (!field) return false;
    this.drafts.origins.set(field, entry.o);
    this.keeper.touched.add(field);
    return write(key, field, entry.v, adapterOf(field, this.keeper.adapters));
  }

  /** Everything has been answered: what was put back is kept anew, then the old is removed. */
  async done() {
    this.bar.hide();
    await this.drafts.save(true);
    if (!this.drafts.failed) this.discard(this.offered);
  }

  /** @param {string[]} ids */
  discard(ids) {
    this.bar.hide();
    this.found.clear();
    this.drafts.run(() => remove(ids));
  }
}

/** @param {Field} field */
function labelOf(field) {
  const text = field.labels?.[0]?.textContent?.replace(field.textContent ?? '', '') || field.ariaLabel || field.getAttribute('placeholder') || field.getAttribute('name') || '';
  return text.trim().slice(0, 80);
}

/**
 * The record whose form has reached the application, as this page is its answer; empty if there is none.
 * @param {string} base
 */
function arrived(base) {
  /** @type {string[]} */
  let sent = [];
  try {
    sent = sessionStorage.getItem(SENT)?.split(' ') ?? [];
    sessionStorage.removeItem(SENT);
  } catch {
    // Without storage nothing was noted.
  }
  const [from, id] = sent;
  // Only the next page in the history is the answer: not one that was reached by way of unlocking, or after an error.
  // The gateway's own page that sends a kept form is as good.
  const next = from === Reflect.get(window, 'navigation')?.activation?.from?.id;
  const kept = document.referrer.startsWith(`${location.origin}${base}/kept`);
  return id && (next || kept) && !(arrival()?.responseStatus >= 400) ? id : '';
}

/** How the browser came to this page. */
function arrival() {
  /** @type {any} */
  const [way] = performance.getEntriesByType('navigation');
  return way;
}
