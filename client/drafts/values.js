// Reading a field.

/** @typedef {import('./fields.js').Field} Field */
/** @typedef {import('../keeper.js').Adapter} Adapter */

/**
 * @param {any} button
 * @returns {HTMLInputElement[]} the radio buttons of its group
 */
export const group = (button) => [...document.querySelectorAll('input')].filter((other) =>
  other.type === 'radio' && other.name === button.name && other.form === button.form);

/** @param {HTMLOptionElement[]} options */
const valuesOf = (options) => options.map((option) => option.value).join('\n');

/**
 * What a field holds, as text; of files only their names.
 * @param {any} field
 * @param {Adapter} [adapter]
 * @returns {string}
 */
export function read(field, adapter) {
  if (adapter) return adapter.read(field);
  if (field.isContentEditable) return field.innerText;
  if (field.type === 'checkbox') return field.checked ? 'on' : '';
  if (field.type === 'radio') return group(field).find((button) => button.checked)?.value ?? '';
  if (field.type === 'file') return [...field.files].map((file) => file.name).join('\n');
  if (field.localName === 'select') return valuesOf([...field.selectedOptions]);
  return `${field.value ?? ''}`;
}

/**
 * What a field held before it was changed.
 * @param {any} field
 * @param {string | false | undefined} before what it held when it was first given the focus
 * @param {Adapter} [adapter]
 * @returns {string | undefined} undefined where that cannot be known
 */
export function origin(field, before, adapter) {
  if (adapter) return adapter.initial?.(field);
  if (field.type === 'checkbox') return field.defaultChecked ? 'on' : '';
  if (field.type === 'radio') return group(field).find((button) => button.defaultChecked)?.value ?? '';
  if (field.type === 'file') return '';
  if (field.localName === 'select') {
    const chosen = [...field.options].filter((option) => option.defaultSelected);
    return valuesOf(chosen.length || field.multiple ? chosen : [...field.options].slice(0, 1));
  }
  return typeof before === 'string' ? before : field.defaultValue;
}
