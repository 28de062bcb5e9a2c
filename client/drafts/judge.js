// What becomes of a draft that was found, as pure functions.

import { alike } from './merge.js';

/** @typedef {import('./merge.js').Draft} Draft */
/** @typedef {import('./merge.js').Entry} Entry */

/**
 * One draft of each form: what was typed last into a field counts.
 * @param {Draft[]} drafts
 * @returns {Map<string, Draft>}
 */
export function merge(drafts) {
  /** @type {Map<string, Draft>} */
  const merged = new Map();
  for (const draft of [...drafts].sort((a, b) => a.at - b.at)) {
    const older = merged.get(draft.form);
    merged.set(draft.form, { ...draft, fields: { ...older?.fields, ...draft.fields } });
  }
  return merged;
}

/**
 * What to do with an entry whose field holds `now`: nothing, as it is there; set it, as nobody has changed the
 * field since; or ask.
 * @param {string} key
 * @param {Entry} entry
 * @param {string | undefined} now undefined: there is no such field
 * @param {boolean} touched somebody has typed into the field since the page was loaded
 * @returns {'same' | 'free' | 'clash' | 'gone'}
 */
export function judge(key, entry, now, touched) {
  if (now === undefined) return 'gone';
  if (alike(key, now, entry.v)) return 'same';
  return !touched && !key.startsWith('file|') && alike(key, now, entry.o) ? 'free' : 'clash';
}
