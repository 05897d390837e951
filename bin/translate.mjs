/**
 * @file Hooks of Node's module loader, in the thread where Node runs them: td's sources are TypeScript, which esbuild translates
 * as they are loaded. Each translation is kept in a folder, so that a later start reads it.
 *
 * tsx does the same for the scripts. It serves many more cases, and takes four times as long to get ready.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = new URL('../src/', import.meta.url).href;
const require = createRequire(import.meta.url);

/** What stands in tsconfig.json and changes what the code does. */
const tsconfigRaw = { compilerOptions: { target: 'ES2023', verbatimModuleSyntax: true } };
const OPTIONS = {
  loader: 'ts',
  format: 'esm',
  target: 'es2023',
  sourcemap: 'inline',
  sourcesContent: false,
  tsconfigRaw,
};

/** Milliseconds after which a translation is made anew, so that those of sources that are no more do not pile up: 30 days. */
const LIFETIME = 30 * 24 * 3600 * 1000;

/** Nothing is kept if there is no folder. */
let cache;
let isCleared = false;
let version;

/** @param data what `register` was given: the folder of the translations, if there is one */
export function initialize({ folder }) {
  cache = folder;
  version = JSON.stringify([require('esbuild/package.json').version, OPTIONS]);
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith(SOURCES) || !url.endsWith('.ts')) return nextLoad(url, context);
  return { format: 'module', source: await translate(fileURLToPath(url)), shortCircuit: true };
}

async function translate(path) {
  const source = readFileSync(path, 'utf8');
  if (cache === undefined) return transform(path, source);
  const key = createHash('sha256').update(`${version}\n${path}\n${source}`).digest('hex');
  const kept = join(cache, `${key}.js`);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const code = await transform(path, source);
    keep(kept, code);
    return code;
  }
}

async function transform(path, source) {
  const { code } = await require('esbuild').transform(source, { ...OPTIONS, sourcefile: path });
  return code;
}

/** Other processes may read and write the same file, so it appears as a whole. A full disk only makes the next start slower. */
function keep(path, code) {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    clearOnce();
    writeFileSync(temporary, code, { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    rmSync(temporary, { force: true });
  }
}

function clearOnce() {
  if (isCleared) return;
  isCleared = true;
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    // Another process may have removed it.
    const { mtimeMs = Date.now() } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > LIFETIME) rmSync(path, { force: true });
  }
}
