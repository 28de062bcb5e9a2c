import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formKey, index, isKept } from '../drafts/fields.js';
import { judge, merge } from '../drafts/judge.js';
import { alike } from '../drafts/merge.js';
import { hash, keyring, open, seal } from '../drafts/seal.js';

/** An element, as far as the rules look at it. */
function element(localName, attributes = {}, { form = null, around = [], editable = false } = {}) {
  return {
    localName, form,
    id: attributes.id ?? '',
    type: attributes.type ?? (localName === 'input' ? 'text' : undefined),
    isContentEditable: editable,
    getAttribute: (name) => attributes[name] ?? null,
    matches: (selector) => around.some((one) => selector.includes(one)),
    closest: (selector) => (around.some((one) => selector.includes(one)) ? {} : null),
  };
}
const input = (attributes, more) => element('input', attributes, more);

test('ordinary fields are kept, in forms and outside of them', () => {
  for (const field of [
    input({ name: 'title' }), input({ type: 'email', autocomplete: 'email' }), input({ type: 'checkbox' }),
    element('textarea'), element('select'), element('div', {}, { editable: true }), input({ name: 'footprint' }),
    input({ name: 'shipping', autocomplete: 'section-a shipping street-address' }),
  ]) assert.equal(isKept(field, false), true, JSON.stringify(field));
});

test('passwords, codes, cards, hidden fields and buttons are never kept', () => {
  for (const attributes of [
    ...['password', 'hidden', 'submit', 'button', 'reset', 'image'].map((type) => ({ type })),
    ...['one-time-code', 'cc-number', 'cc-csc', 'CC-EXP', 'current-password', 'new-password', 'off', 'section-x cc-name', ' OFF ']
      .map((autocomplete) => ({ autocomplete })),
    ...['password', 'user_passwd', 'pwd2', 'otp', 'login-otp', 'pin', 'card_number', 'cardNumber', 'cvc', 'CVV2', 'oneTimeCode']
      .map((name) => ({ name })),
    { id: 'password-confirm' },
  ]) assert.equal(isKept(input(attributes), false), false, JSON.stringify(attributes));
});

test('what is marked is never kept: a field, something around it, or its form', () => {
  assert.equal(isKept(input({}, { around: ['[data-tenure=off]'] }), false), false);
  const form = element('form', {}, { around: ['form[autocomplete=off i]'] });
  assert.equal(isKept(input({}, { form }), false), false);
});

test('what is no field is kept only if the application says how', () => {
  assert.equal(isKept(element('div'), false), false);
  assert.equal(isKept(element('div'), true), true);
});

test('fields are found again by type, name and place', () => {
  const one = input({ name: 'item' });
  const two = input({ name: 'item' });
  const [a, b] = [input({ type: 'radio', name: 'size', value: 's' }), input({ type: 'radio', name: 'size', value: 'l' })];
  const tick = input({ type: 'checkbox', name: 'with', value: 'milk' });
  const found = index([one, a, two, b, tick, element('textarea')]);
  assert.deepEqual([...found.keys()], ['text|item||0', 'radio|size||0', 'text|item||1', 'checkbox|with|milk|0', 'textarea|||0']);
  assert.equal(found.get('text|item||1'), two);
});

test('numbers in ids don’t count, as they are given anew with every rendering', () => {
  const key = (id) => [...index([input({ id })]).keys()][0];
  assert.equal(key('field-17'), key('field-203'));
  assert.notEqual(key('field-17'), key('note-17'));
});

test('forms are told apart by action, name and place; what the query says doesn’t count', () => {
  const [a, b, c] = [{ action: '/save?x=1', name: 'f' }, { action: '/save?x=2', name: 'f' }, { action: '/save', name: 'g' }].map((attributes) => element('form', attributes));
  const keys = [a, b, c].map((form) => formKey(form, [a, b, c]));
  assert.deepEqual(keys, ['/save|f|0', '/save|f|1', '/save|g|0']);
  assert.equal(formKey(null, [a]), '');
});

test('of several drafts of a form, what was typed last into a field counts', () => {
  const draft = (at, fields, form = 'f') => ({ path: '/', title: `${at}`, form, at, fields });
  const entry = (v) => ({ v, o: '' });
  const merged = merge([
    draft(2, { a: entry('new'), c: entry('c') }), draft(1, { a: entry('old'), b: entry('b') }), draft(1, { a: entry('other') }, 'g'),
  ]);
  assert.deepEqual(merged.get('f'), draft(2, { a: entry('new'), b: entry('b'), c: entry('c') }));
  assert.deepEqual(merged.get('g')?.fields, { a: entry('other') });
});

test('a field is set only if nobody has changed it since, here or at the server', () => {
  const entry = { v: 'typed', o: 'server' };
  assert.equal(judge('text|a||0', entry, 'typed', true), 'same');
  assert.equal(judge('text|a||0', entry, 'server', false), 'free');
  assert.equal(judge('text|a||0', entry, 'server', true), 'clash');
  assert.equal(judge('text|a||0', entry, 'newer', false), 'clash');
  assert.equal(judge('text|a||0', entry, undefined, false), 'gone');
  assert.equal(judge('file|a||0', { v: 'a.pdf', o: '' }, '', false), 'clash', 'files can’t be set');
});

test('the line ends of editors make no difference, those of other fields do', () => {
  assert.ok(alike('edit|||0', 'a\n\nb\n', 'a\nb'));
  assert.ok(!alike('textarea|||0', 'a\n\nb', 'a\nb'));
});

test('a record opens with its key, and with nothing about it changed', async () => {
  let asked = '';
  globalThis.location = /** @type {any} */ ({ pathname: '/a b' });
  const answers = { 1: new Uint8Array(32).fill(1), 2: new Uint8Array(32).fill(0xfb) };
  const keys = keyring(async (path) => {
    asked = path;
    const id = new URL(path, 'http://x').searchParams.get('id') ?? '2';
    return new Response(JSON.stringify({ id, key: Buffer.from(answers[id]).toString('base64url') }));
  });
  const key = await keys();
  assert.equal(asked, '/drafts/key?for=%2Fa%20b');
  assert.equal(key.key.extractable, false);
  const draft = { path: '/', title: 'ä', form: '', at: 1, fields: {} };
  const record = await seal(key, 'an.id', 5, draft);
  assert.deepEqual(await open(key, record), draft);
  assert.equal(await open(await keys('1'), record), null, 'another key');
  for (const change of [{ id: 'other.id' }, { until: 6 }, { version: 0 }, { key: '1' }, { iv: new Uint8Array(12) }, { data: new ArrayBuffer(3) }]) {
    assert.equal(await open(key, { ...record, ...change }), null, Object.keys(change)[0]);
  }
});

test('a key that is not to be had is no exception', async () => {
  assert.equal(await keyring(async () => new Response('{}', { status: 401 }))(), null);
  assert.equal(await keyring(async () => { throw new TypeError('no network'); })(), null);
});

test('hashes tell nothing and are of one length', async () => {
  assert.match(await hash(''), /^[0-9a-f]{24}$/);
  assert.notEqual(await hash('/a'), await hash('/b'));
});
