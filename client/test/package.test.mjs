import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

test('the npm package holds its scripts, types and readme, and nothing else', () => {
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] }));
  assert.deepEqual(files.map(({ path }) => path).sort(), [
    'README.md', 'dist/client.js', 'dist/late.js', 'dist/shelf.js', 'dist/words.js', 'package.json', 'tenure.d.ts',
  ]);
});

test('what the npm package exports is there', () => {
  for (const path of [about.types, ...Object.values(about.exports).flatMap((one) => (typeof one === 'string' ? one : Object.values(one)))]) {
    assert.ok(existsSync(join(folder, path)), path);
  }
});

test('the npm package has the version of the gateway', () => {
  const [, version] = /^version = "(.*)"$/m.exec(readFileSync(join(folder, '../Cargo.toml'), 'utf8')) ?? [];
  assert.equal(about.version, version);
});
