// When texts are the same, and what a draft holds.

/**
 * What was typed into one field.
 * @typedef {object} Entry
 * @property {string} v the text
 * @property {string} o what the field held before
 */

/**
 * What was typed into one form, in one view of its page; the content of a record before it is sealed.
 * @typedef {object} Draft
 * @property {string} path of the page, with its query
 * @property {string} title of the page
 * @property {string} form the form's key; empty for fields outside of forms
 * @property {number} at when it was typed last (milliseconds since 1970, by this device)
 * @property {Record<string, Entry>} fields by their keys
 */

/**
 * Whether two texts of a field are the same. Editors give their line ends in different ways.
 * @param {string} key
 * @param {string} one
 * @param {string} other
 */
export function alike(key, one, other) {
  /** @param {string} text */
  const plain = (text) => (key.startsWith('edit|') ? text.replace(/\s+/g, '').trim() : text);
  return plain(one) === plain(other);
}
