// Writing a field so that the application's framework sees it.

import { alike } from './merge.js';
import { group, read } from './values.js';

/** @typedef {import('../keeper.js').Adapter} Adapter */

/**
 * Sets a property as the browser itself does, past what a framework has put over it.
 * @param {any} field
 * @param {string} value
 */
function setNative(field, value) {
  let owner = field;
  let set;
  while (!set && (owner = Object.getPrototypeOf(owner))) set = Object.getOwnPropertyDescriptor(owner, 'value')?.set;
  if (set) set.call(field, value);
  else field.value = value;
}

/**
 * Writes a field and tells the page; says whether the field holds it now.
 * @param {string} key
 * @param {any} field
 * @param {string} text
 * @param {Adapter} [adapter]
 */
export function write(key, field, text, adapter) {
  const { type } = field;
  if (adapter) adapter.write(field, text);
  else if (type === 'checkbox' || type === 'radio') {
    // Frameworks listen to the click.
    const button = type === 'radio' ? group(field).find((one) => one.value === text) : field;
    if (button && button.checked !== (type === 'radio' || text === 'on')) button.click();
  } else if (field.isContentEditable) {
    // As typing does it, so that editors take it in and can undo it; as text, so that nothing can hide in it.
    field.focus({ preventScroll: true });
    getSelection()?.selectAllChildren(field);
    if (!document.execCommand('insertText', false, text)) {
      field.replaceChildren(...text.split('\n').flatMap((line, n) => (n ? [document.createElement('br'), line] : [line])));
      tell(field);
    }
  } else if (type !== 'file') {
    if (field.localName === 'select') {
      const wanted = text.split('\n');
      for (const option of field.options) option.selected = wanted.includes(option.value);
    } else setNative(field, text);
    tell(field);
  }
  return alike(key, read(field, adapter), text);
}

/** @param {Element} field */
function tell(field) {
  field.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}
