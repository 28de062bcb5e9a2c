// Taking records away: when somebody signs out, and when they have been kept for long enough.

import { NAME, below, fenceId, remove, within } from './store.js';

/**
 * Removes everything of `owner`, and keeps pages that are still open from writing again.
 * @param {string} owner
 * @returns {Promise<string>} the new fence
 */
export async function wipe(owner) {
  const at = `${Date.now()} ${Math.random()}`;
  await within('readwrite', (table) => {
    table.put({ id: fenceId(owner), at });
    return table.delete(below(owner));
  });
  return at;
}

/**
 * Removes what has been kept for long enough, the fences of others, and the database if nothing is left. Records of a
 * newer version are their own business.
 * @param {number} version
 * @param {string} owner
 * @returns {Promise<boolean>} whether anything is left
 */
export async function prune(version, owner) {
  const records = await within('readonly', (table) => table.getAll());
  const old = records.filter(({ id, version: its, until }) =>
    (id.startsWith('!') ? id !== fenceId(owner) : its === version && !(until > Date.now())));
  if (old.length) await remove(old.map((record) => record.id));
  if (old.length === records.length) indexedDB.deleteDatabase(NAME);
  return old.length < records.length;
}
