// The database. It is opened for each piece of work and closed again, so that it never costs a page its place in the
// back/forward cache.

/** @typedef {import('./seal.js').Sealed} Sealed */

export const NAME = 'tenure';
const TABLE = 'drafts';

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(table: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>}
 */
export async function within(mode, work) {
  /** @type {IDBDatabase} */
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode);
      const request = work(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** @param {string} prefix */
export const below = (prefix) => IDBKeyRange.bound(`${prefix}.`, `${prefix}/`);

/**
 * Every record whose id begins so.
 * @param {string} prefix
 * @returns {Promise<Sealed[]>}
 */
export const all = (prefix) => within('readonly', (table) => table.getAll(below(prefix)));

/** @param {string} owner */
export const fenceId = (owner) => `!${owner}`;

/**
 * What the latest signing out of `owner` has left; who began to write before it writes no more.
 * @param {string} owner
 * @returns {Promise<string>}
 */
export async function fence(owner) {
  return (await within('readonly', (table) => table.get(fenceId(owner))))?.at ?? '';
}

/**
 * Writes a record, unless `owner` has signed out since `mark` was the fence.
 * @param {string} owner
 * @param {string} mark
 * @param {Sealed} record
 * @returns {Promise<boolean>} whether it was written
 */
export async function put(owner, mark, record) {
  let written = false;
  await within('readwrite', (table) => {
    const request = table.get(fenceId(owner));
    request.onsuccess = () => {
      written = (request.result?.at ?? '') === mark;
      if (written) table.put(record);
    };
    return request;
  });
  return written;
}

/** @param {string[]} ids */
export async function remove(ids) {
  await within('readwrite', (table) => {
    for (const id of ids) table.delete(id);
    return table.count();
  });
}
