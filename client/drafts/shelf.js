// All that is kept of whoever is signed in, and its place on the gateway's page that lists what is kept.

import { prune } from './clear.js';
import { VERSION, keyring, open, ownerOf } from './seal.js';
import { all, remove } from './store.js';
import { moment, say } from '../say.js';
import words from '../words.js';

/**
 * The drafts of an owner, one for each view of a form; the latest first.
 * @param {ReturnType<typeof keyring>} key
 * @param {string} owner
 */
export async function list(key, owner) {
  const drafts = [];
  for (const record of await all(owner)) {
    const its = record.version === VERSION && await key(record.key);
    const draft = its && await open(its, record);
    if (draft) drafts.push({ ...draft, id: record.id });
  }
  return drafts.sort((a, b) => b.at - a.at);
}

/**
 * The drafts of `subject` in this browser.
 * @param {(path: string) => Promise<Response>} call
 * @param {string} subject
 */
export async function shelf(call, subject) {
  const owner = await ownerOf(subject);
  return await prune(VERSION, owner) ? list(keyring(call), owner) : [];
}

/**
 * Lists them in `place`, which stays hidden where there are none.
 * @param {HTMLElement} place
 * @param {string} base
 */
export async function fill(place, base) {
  /** @param {string} path */
  const call = (path) => fetch(base + path, { cache: 'no-store', headers: { Accept: 'application/json', 'Tenure-Client': '1' } });
  const { subject = '' } = await (await call('/session')).json();
  const drafts = await shelf(call, subject);
  if (!drafts.length) return;
  const heading = document.createElement('h2');
  heading.textContent = words.draftsHere;
  const rows = document.createElement('ul');
  rows.className = 'sessions';
  for (const { id, title, path, at } of drafts) {
    const row = document.createElement('li');
    const facts = document.createElement('span');
    facts.className = 'facts';
    const link = document.createElement('a');
    link.className = 'device';
    link.href = path;
    link.textContent = title || path;
    const line = document.createElement('span');
    line.className = 'line';
    line.textContent = say(words.draftOf, { path, time: moment(at) });
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = words.discard;
    button.setAttribute('aria-label', say(words.discardOf, { title: title || path, time: moment(at) }));
    button.addEventListener('click', async () => {
      await remove([id]);
      row.remove();
      place.hidden = !rows.childElementCount;
    });
    facts.append(link, line);
    row.append(facts, button);
    rows.append(row);
  }
  place.replaceChildren(heading, rows);
  place.hidden = false;
}
