// Sealing: AES-GCM (NIST SP 800-38D) with a key that the server hands out to an active session. Keys stay in memory.

/**
 * @typedef {object} Key
 * @property {string} id
 * @property {CryptoKey} key
 */

/** The version of records that this client writes; it leaves newer ones alone. */
export const VERSION = 1;

/**
 * What the database holds. Nothing in it is readable without the key.
 * @typedef {object} Sealed
 * @property {string} id owner, page, form and view, each hashed
 * @property {number} version
 * @property {string} key the id of the key
 * @property {number} until when it is thrown away (milliseconds since 1970, by this device)
 * @property {Uint8Array<ArrayBuffer>} iv
 * @property {ArrayBuffer} data
 */

/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text);

/**
 * A text that tells nothing about the given one: 96 bits of its SHA-256 hash.
 * @param {string} text
 */
export async function hash(text) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes(text)));
  return [...digest.slice(0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Whose records they are, as far as the database tells. The mark goes when somebody signs out, and with it the way
 * to everything that was written under it.
 * @param {string} subject
 */
export const ownerOf = (subject) => hash(`${subject} ${/tenure-mark=([^;]+)/.exec(document.cookie)?.[1]}`);

/**
 * The keys of whoever is signed in, by their ids; the empty one stands for the current key.
 * @param {(path: string) => Promise<Response>} call
 */
export function keyring(call) {
  /** @type {Map<string, Key>} */
  const keys = new Map();
  /**
   * @param {string} [id]
   * @returns {Promise<Key | null>} null: not to be had now
   */
  return async (id = '') => {
    const known = keys.get(id);
    if (known) return known;
    try {
      const answer = await (await call(`/drafts/key?for=${encodeURIComponent(location.pathname)}${id && `&id=${id}`}`)).json();
      const raw = Uint8Array.from(atob(answer.key.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
      const key = { id: answer.id, key: await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']) };
      keys.set(id, key).set(key.id, key);
      return key;
    } catch {
      return null;
    }
  };
}

/**
 * What is not secret is bound to what is.
 * @param {Omit<Sealed, 'data'>} record
 */
const settings = ({ id, version, key, until, iv }) => (
  { name: 'AES-GCM', iv, additionalData: bytes(JSON.stringify([version, id, key, until])) });

/**
 * @param {Key} key
 * @param {string} id
 * @param {number} until
 * @param {unknown} content
 * @returns {Promise<Sealed>}
 */
export async function seal(key, id, until, content) {
  const record = { id, version: VERSION, key: key.id, until, iv: crypto.getRandomValues(new Uint8Array(12)) };
  return { ...record, data: await crypto.subtle.encrypt(settings(record), key.key, bytes(JSON.stringify(content))) };
}

/**
 * The content of a record; null if it is not what was sealed under this key.
 * @param {Key} key
 * @param {Sealed} record
 * @returns {Promise<import('./merge.js').Draft | null>}
 */
export async function open(key, record) {
  try {
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(settings(record), key.key, record.data)));
  } catch {
    return null;
  }
}
