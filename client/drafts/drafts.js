// The life of drafts in one page: reads what has changed, seals it and saves it.

import { fieldOf, fieldsOf, formKey, formOf, adapterOf, isKept } from './fields.js';
import { Finder, SENT } from './finder.js';
import { alike } from './merge.js';
import words from '../words.js';
import { hash, keyring, ownerOf, seal } from './seal.js';
import { fence, put, remove } from './store.js';
import { origin, read } from './values.js';

/** @typedef {import('./fields.js').Field} Field */
/** @typedef {import('./merge.js').Draft} Draft */

/** From the first change to the reading of it; sealing and writing come on top. */
const PAUSE_MS = 600;
/** So long at a time, so that no task is a long one. */
const SLICE_MS = 8;
/** Before what could not be saved is tried again, and before a form that a script has sent is looked at. */
const AGAIN_MS = 5000;
const DAY_MS = 86_400_000;
/** The longest draft of a form. */
const LONGEST = 1_000_000;

/** @param {() => void} work */
const idle = (work) => ('requestIdleCallback' in window ? requestIdleCallback(work, { timeout: 200 }) : setTimeout(work));

/**
 * What was typed into one form since the page was loaded.
 * @typedef {object} Group
 * @property {string} id of its record
 * @property {HTMLFormElement | null} form
 * @property {Draft} draft
 * @property {boolean} changed since it was written
 */

export class Drafts {
  /** This view of the page: two tabs with the same page don't write over each other. */
  view = Math.random().toString(36).slice(2);
  /** By path and key of their form. @type {Map<string, Group>} */
  groups = new Map();
  /** What fields held before. @type {WeakMap<Field, string>} */
  origins = new WeakMap();
  /** Fields with real input. @type {WeakSet<Field>} */
  hot = new WeakSet();
  /** Custom elements that were typed into. @type {Set<string>} */
  tags = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer = undefined;
  owner = '';
  fence = '';
  path = '';
  state = '';
  failed = false;
  /** Work goes one piece after the other. @type {Promise<unknown>} */
  busy = Promise.resolve();

  /** @param {import('../keeper.js').Keeper} keeper */
  constructor(keeper) {
    this.keeper = keeper;
    this.session = keeper.session;
    this.finder = new Finder(this);
    this.key = keyring(this.session.link.call);
    this.subject = this.session.known.answer?.subject ?? '';
    addEventListener('submit', (event) => this.submitted(event), true);
    addEventListener('reset', ({ target }) => { setTimeout(() => this.again(target)); }, true);
    addEventListener('pagehide', () => this.save(true));
    addEventListener('visibilitychange', () => document.hidden && this.save(true), true);
    const ways = Reflect.get(window, 'navigation');
    ways?.addEventListener('navigate', () => this.save(true));
    ways?.addEventListener('navigatesuccess', () => this.look());
    this.look();
  }

  /** Something was typed, the server has answered, or the page has another address. */
  look() {
    // Once a password, always one, though a button may show it.
    for (const target of this.keeper.touched) {
      if (!Array.isArray(target) && Reflect.get(target, 'type') === 'password') this.keeper.before.set(target, false);
    }
    const { state = '', subject = this.subject } = this.session.known.answer ?? {};
    const path = location.pathname + location.search;
    if (state === 'ended' || subject !== this.subject) this.forget();
    else if (state !== this.state || path !== this.path) {
      Object.assign(this, { state, path });
      if (this.keeper.kept) this.run(() => this.finder.find());
    }
    if (state === 'active' && this.keeper.touched.size) this.timer ??= setTimeout(() => idle(() => this.save()), PAUSE_MS);
  }

  forget() {
    this.keeper.touched.clear();
    this.groups.clear();
    this.finder.bar.hide();
  }

  /**
   * Storage that fails is told of, once.
   * @param {() => Promise<unknown>} work
   */
  run(work) {
    this.busy = this.busy.then(work).catch(() => {
      const { failed } = this;
      this.failed = true;
      if (!failed && this.groups.size) this.finder.warn(words.notKept);
    }).catch(() => {
      // Where not even a word can be shown, the page goes on all the same.
    });
    return this.busy;
  }

  /**
   * Takes in what was typed, and writes it.
   * @param {boolean} [now] in one go, as the page may be leaving
   */
  save(now = false) {
    clearTimeout(this.timer);
    this.timer = undefined;
    const reading = this.readTouched(now);
    reading.catch(() => {});
    return this.run(async () => {
      await reading;
      await this.write();
    });
  }

  /**
   * Reads the forms that were typed into; begins at once.
   * @param {boolean} now
   */
  async readTouched(now) {
    const { touched, adapters } = this.keeper;
    /** @type {Set<HTMLFormElement | null>} */
    const forms = new Set();
    for (const target of touched) {
      if (Array.isArray(target)) {
        const group = this.groupOf(null);
        group.draft.fields[`custom|${target[0]}|`] = { v: target[1], o: '' };
        group.changed = true;
        continue;
      }
      const field = fieldOf(target, adapters);
      if (!field || this.keeper.before.get(field) === false || !isKept(field, !!adapterOf(field, adapters))) continue;
      if (field.localName.includes('-')) this.tags.add(field.localName);
      this.hot.add(field);
      forms.add(formOf(field));
    }
    touched.clear();
    await Promise.all([...forms].map((form) => this.read(form, now)));
  }

  /**
   * @param {HTMLFormElement | null} form
   * @returns {Group}
   */
  groupOf(form) {
    const { path } = this;
    const key = formKey(form, document.forms);
    const known = this.groups.get(path + key);
    const draft = known?.draft ?? { path, title: document.title, form: key, at: 0, fields: {} };
    const group = Object.assign(known ?? { id: '', changed: false }, { form, draft });
    this.groups.set(path + key, group);
    return group;
  }

  /**
   * Reads a form, a slice at a time.
   * @param {HTMLFormElement | null} form
   * @param {boolean} now
   */
  async read(form, now) {
    const group = this.groupOf(form);
    const { fields } = group.draft;
    let began = performance.now();
    for (const [key, field] of fieldsOf(form, this.keeper.adapters, this.tags, this.keeper.before)) {
      if (!now && performance.now() - began > SLICE_MS) {
        await new Promise((wake) => { idle(() => wake(0)); });
        began = performance.now();
      }
      const v = read(field, adapterOf(field, this.keeper.adapters));
      // A field that was rendered anew began where the one before it did.
      const before = this.hot.has(field) || field.type === 'radio' ? origin(field, this.keeper.before.get(field), adapterOf(field, this.keeper.adapters)) : v;
      const o = this.origins.get(field) ?? fields[key]?.o ?? before ?? '';
      this.origins.set(field, o);
      if (alike(key, v, o)) delete fields[key];
      else fields[key] = { v, o };
    }
    group.changed = true;
  }

  /**
   * A form was reset, or taken by a script: what it holds now counts.
   * @param {EventTarget | null} form
   */
  again(form) {
    const group = [...this.groups.values()].find((one) => one.form === form);
    if (!group) return;
    group.draft.fields = {};
    group.changed = true;
    const reading = group.form?.isConnected ? this.read(group.form, true) : undefined;
    this.run(async () => {
      await reading;
      await this.write();
    });
  }

  async ready() {
    const key = await this.key();
    if (key && !this.owner) {
      this.owner = await ownerOf(this.subject);
      this.fence = await fence(this.owner);
    }
    return key;
  }

  async write() {
    const changed = [...this.groups.values()].filter((group) => group.changed);
    if (!changed.length) return;
    const key = await this.ready();
    if (!key) {
      setTimeout(() => this.save(), AGAIN_MS);
      return;
    }
    for (const group of changed) {
      const { draft } = group;
      group.changed = false;
      group.id ||= await this.idOf(draft);
      draft.at = Date.now();
      if (!Object.keys(draft.fields).length) await remove([group.id]);
      else if (JSON.stringify(draft).length > LONGEST) this.finder.warn(words.tooLong);
      else {
        const until = draft.at + (this.session.known.answer?.keep_work_for_ms ?? DAY_MS);
        this.keeper.kept = true;
        if (!await put(this.owner, this.fence, await seal(key, group.id, until, draft))) this.forget();
      }
    }
  }

  /** @param {Draft} draft */
  async idOf(draft) {
    return [this.owner, await hash(draft.path), await hash(draft.form), this.view].join('.');
  }

  /** @param {SubmitEvent} event */
  submitted(event) {
    const { target: form, submitter } = event;
    if (!(form instanceof HTMLFormElement)) return;
    this.save(true);
    const action = submitter?.getAttribute('formaction') ?? form.getAttribute('action') ?? '';
    const out = `${this.session.base}/sign-out`;
    if (action.endsWith(out) && new URL(action, document.baseURI).href === location.origin + out) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.mayLeave().then((may) => may && HTMLFormElement.prototype.submit.call(form));
      return;
    }
    // Once the page's own scripts have seen it, it is known whether the browser sends it.
    setTimeout(() => {
      if (event.defaultPrevented) {
        setTimeout(() => this.again(form), AGAIN_MS);
        return;
      }
      const group = [...this.groups.values()].find((one) => one.form === form) ?? this.groupOf(form);
      this.run(async () => {
        await this.ready();
        group.id ||= await this.idOf(group.draft);
        note(group.id);
      });
      // The page may be gone before anything can be waited for.
      if (group.id) note(group.id);
    });
  }

  /** Whether to go on with signing out; if so, everything of this person is wiped. */
  async mayLeave() {
    await this.save(true);
    if (this.keeper.kept && !await this.finder.mayLeave()) return false;
    this.forget();
    return true;
  }
}

/**
 * Notes whose form is on its way, with the place of this page in the history of its tab; no other page ever has the same.
 * @param {string} id
 */
function note(id) {
  try {
    sessionStorage.setItem(SENT, `${Reflect.get(window, 'navigation')?.currentEntry.id} ${id}`);
  } catch {
    // Without storage the form is offered again.
  }
}

/**
 * Starts for a page. Without Web Cryptography, as on plain HTTP, nothing can be kept.
 * @param {import('../keeper.js').Keeper} keeper
 */
export function begin(keeper) {
  return 'subtle' in crypto ? new Drafts(keeper) : undefined;
}
