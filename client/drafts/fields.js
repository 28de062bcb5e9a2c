// Which fields are kept, and by what they are found again when the page has been rendered anew.

/** @typedef {Map<string, import('../keeper.js').Adapter>} Adapters */
/** @typedef {HTMLElement & { form?: HTMLFormElement | null, type?: string, labels?: NodeListOf<HTMLElement> | null }} Field */

const NEVER_TYPES = /^(hidden|password|submit|button|reset|image)$/;
const NEVER_TOKENS = /^(off|one-time-code|(current|new)-password|cc-.*)$/;
const NEVER_NAMES = /passw|pwd|(^|[-_.])(otp|pin)([-_.]|$)|cvv|cvc|one.?time|card.?num/i;
const OFF = '[data-tenure=off],form[autocomplete=off i]';
const FIELDS = 'input,select,textarea,[contenteditable]';

/**
 * The form of a field.
 * @param {Field} field
 * @returns {HTMLFormElement | null}
 */
export function formOf(field) {
  return field.form ?? field.closest('form');
}

/**
 * @param {Element} element
 * @param {Adapters} adapters
 */
export function adapterOf(element, adapters) {
  for (const [selector, adapter] of adapters) if (element.matches(selector)) return adapter;
  return undefined;
}

/**
 * The field that input went to.
 * @param {EventTarget} target
 * @param {Adapters} adapters
 * @returns {Field | null}
 */
export function fieldOf(target, adapters) {
  if (!(target instanceof HTMLElement)) return null;
  for (const selector of adapters.keys()) {
    const editor = target.closest(selector);
    if (editor instanceof HTMLElement) return editor;
  }
  return target;
}

/**
 * Whether what is typed into a field may be kept.
 * @param {Field} field
 * @param {boolean} adapted it has an adapter of the application's
 */
export function isKept(field, adapted) {
  const tag = field.localName;
  if (!adapted && !/^(input|select|textarea)$/.test(tag) && !field.isContentEditable && !(tag.includes('-') && 'value' in field)) return false;
  if (NEVER_TYPES.test(field.type ?? '')) return false;
  if (NEVER_NAMES.test(field.getAttribute('name') ?? '') || NEVER_NAMES.test(field.id)) return false;
  const tokens = (field.getAttribute('autocomplete') ?? '').toLowerCase().split(/\s+/);
  return !tokens.some((token) => NEVER_TOKENS.test(token)) && !field.closest(OFF) && !formOf(field)?.matches(OFF);
}

/**
 * Ids are often numbered anew whenever a page is rendered: their digits don't count.
 * @param {Element} element
 */
const nameOf = (element) => element.getAttribute('name') || element.id.replace(/\d+/g, '');

/**
 * By what a form is found again.
 * @param {HTMLFormElement | null} form
 * @param {Iterable<HTMLFormElement>} forms all forms of the page
 */
export function formKey(form, forms) {
  if (!form) return '';
  /** @param {HTMLFormElement} one */
  const key = (one) => `${(one.getAttribute('action') ?? '').split('?')[0]}|${nameOf(one)}`;
  return `${key(form)}|${[...forms].filter((one) => key(one) === key(form)).indexOf(form)}`;
}

/**
 * The fields of a form by their keys: type, name, and the place among those with the same. The buttons of a radio
 * group are one field.
 * @param {Field[]} fields
 * @returns {Map<string, Field>}
 */
export function index(fields) {
  const found = new Map();
  const seen = new Map();
  for (const field of fields) {
    const tag = field.localName;
    const kind = tag === 'input' ? field.type : field.isContentEditable ? 'edit' : tag;
    const value = kind === 'checkbox' ? field.getAttribute('value') ?? '' : '';
    const key = `${kind}|${nameOf(field)}|${value}`;
    const place = seen.get(key) ?? 0;
    if (kind === 'radio' && place) continue;
    seen.set(key, place + 1);
    found.set(`${key}|${place}`, field);
  }
  return found;
}

/**
 * The fields of a form, or those outside of all forms, that are kept.
 * @param {HTMLFormElement | null} form
 * @param {Adapters} adapters
 * @param {Iterable<string>} tags custom elements to look for
 * @param {WeakMap<EventTarget, string | false>} before what fields held; false for those that were passwords
 * @returns {Map<string, Field>}
 */
export function fieldsOf(form, adapters, tags, before) {
  /** @type {NodeListOf<Field>} */
  const all = document.querySelectorAll([FIELDS, ...adapters.keys(), ...tags].join());
  return index([...all].filter((field) => formOf(field) === form && fieldOf(field, adapters) === field && before.get(field) !== false && isKept(field, !!adapterOf(field, adapters))));
}
