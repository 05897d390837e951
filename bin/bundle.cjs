/**
 * @file td's sources are TypeScript, in some hundred files. esbuild makes a few modules of JavaScript of them, which are kept
 * beside the packages for as long as the sources stay as they are: Node starts them in half the time that it takes to load the
 * sources one by one.
 */
'use strict';

const { createHash, randomUUID } = require('node:crypto');
const fs = require('node:fs');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');

const { dependencies, optionalDependencies } = require('../package.json');

const ROOT = join(__dirname, '..');
const SOURCES = join(ROOT, 'src');
const ENTRY = 'cli/main.ts';
const OPTIONS = {
  bundle: true,
  // Commands stay modules of their own, which are loaded when they are called.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Node need not look into files of this ending to know that they are ES modules.
  outExtension: { '.js': '.mjs' },
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'silent',
};

/** Packages that are ES modules of many small files, which Node would read one by one. */
const BUNDLED = ['zod'];

/** Milliseconds after which a bundle of other sources is removed: a week, since a training that it began may go on. */
const LIFETIME = 7 * 24 * 3600 * 1000;

/**
 * The module that starts td, made if it is not there for these sources.
 *
 * @returns its path; nothing where the folder of the packages cannot be written to
 * @throws if the packages are missing, or the sources are no TypeScript
 */
exports.findBundle = async function findBundle() {
  const cache = join(ROOT, 'node_modules/.cache/td');
  const folder = join(cache, stampSources());
  if (!fs.existsSync(join(folder, 'main.mjs'))) {
    const { build } = require('esbuild');
    const temporary = join(cache, `${randomUUID()}.tmp`);
    try {
      fs.mkdirSync(temporary, { recursive: true });
    } catch {
      return undefined;
    }
    await makeBundle(build, temporary, folder);
    clear(cache);
  }
  return join(folder, 'main.mjs');
};

/** Says what the bundle depends on: the sources by path, size and time of change, and what makes it of them. */
function stampSources() {
  const hash = createHash('sha256').update(`${ROOT}\n${JSON.stringify(OPTIONS)}\n`);
  hash.update(fs.readFileSync(require.resolve('esbuild/package.json')));
  hash.update(fs.readFileSync(__filename));
  for (const stamp of listStamps(SOURCES)) hash.update(stamp);
  return hash.digest('hex').slice(0, 32);
}

/** A line for each source below a folder, in an order that depends on their names alone. */
function listStamps(folder) {
  const entries = fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listStamps(path);
    if (!entry.name.endsWith('.ts')) return [];
    const { size, mtimeMs } = fs.statSync(path);
    return [`${path} ${size} ${mtimeMs}\n`];
  });
}

/** Other processes may make the same bundle, so it appears as a whole: the first one stays. */
async function makeBundle(build, temporary, folder) {
  try {
    await build({
      ...OPTIONS,
      absWorkingDir: ROOT,
      entryPoints: [join(SOURCES, ENTRY)],
      outdir: temporary,
      external: Object.keys({ ...dependencies, ...optionalDependencies }).filter(
        (name) => !BUNDLED.includes(name),
      ),
      plugins: [keepPlaces],
    });
    fs.renameSync(temporary, folder);
  } catch (error) {
    fs.rmSync(temporary, { recursive: true, force: true });
    if (!fs.existsSync(folder)) throw error;
  }
}

/** A source that looks for a file by its own place finds it as if it had not moved. */
const keepPlaces = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const contents = fs
        .readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
      return { contents, loader: 'ts' };
    });
  },
};

function clear(cache) {
  for (const name of fs.readdirSync(cache)) {
    const path = join(cache, name);
    // Another process may have removed it.
    const { mtimeMs = Date.now() } = fs.statSync(path, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > LIFETIME) fs.rmSync(path, { recursive: true, force: true });
  }
}
