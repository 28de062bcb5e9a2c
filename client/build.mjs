// Makes `dist/` from the modules: what the gateway embeds and the npm package holds. With a folder as its argument,
// it writes there instead, so that a test can tell whether `dist/` is up to date.

import { build, transform } from 'esbuild';
import { copyFile, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const client = dirname(fileURLToPath(import.meta.url));
const outdir = resolve(process.argv[2] ?? join(client, 'dist'));

/**
 * The words come in the language of whoever reads them, so they are no part of any script. Browsers remember that an
 * address of a module failed: the query with which the client tries again goes on to the words.
 */
const words = {
  name: 'words',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/words\.js$/ }, () => ({ path: 'words', namespace: 'words' }));
    onLoad({ filter: /./, namespace: 'words' }, () => ({
      contents: "export default (await import(import.meta.url.replace('late', 'words'))).default",
    }));
  },
};

/** Stylesheets are templates of one kind, which a minifier of scripts leaves as they are. */
const styles = {
  name: 'styles',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const style = /(?<=const STYLE = `)[^`$]*(?=`)/.exec(source)?.[0];
      const { code } = await transform(style ?? '', { loader: 'css', minify: true });
      return { contents: style ? source.replace(style, () => code.trim()) : source };
    });
  },
};

const common = { bundle: true, minify: true, target: 'es2022', outdir, absWorkingDir: client, logLevel: 'warning' };
// Every page loads the first, as a classic script; the others are modules.
await build({ ...common, entryPoints: ['client.js'], format: 'iife', plugins: [styles] });
await build({ ...common, entryPoints: ['late.js'], format: 'esm', plugins: [words, styles] });
await build({ ...common, entryPoints: ['shelf.js'], format: 'esm', external: ['./late.js'] });
await copyFile(join(client, 'words.js'), join(outdir, 'words.js'));
