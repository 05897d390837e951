/**
 * @file Builds what an installed package runs: `dist/` with JavaScript, source maps, declarations, and the files that the
 * program reads by their place. A checkout needs none of it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { ownSources } from '../../src/engines/tensorflow/installation/sources.ts';
import { bundleClient } from '../../src/report/bundle-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = join(ROOT, 'src');
const OUT = join(ROOT, 'dist');
const DECLARATIONS = join(OUT, 'types');

/** Modules that are imported or started by name; everything that they share lies beside them in modules without one. */
const ENTRIES = {
  td: 'cli/main.ts',
  'trial-process': 'runner/trial/process.ts',
  'self-test-process': 'engines/tensorflow/installation/self-test-process.ts',
  'feeds-worker': 'training/ahead/worker.ts',
  index: 'library/index.ts',
  experiment: 'library/experiment.ts',
  plugin: 'plugins/contract.ts',
  // In a module of its own it comes before onnxruntime, whose telemetry it switches off.
  'no-telemetry': 'engines/onnx/no-telemetry.ts',
};

/** Modules that are started as a process or a thread by the place of their source, each with its entry. */
const PROCESSES = {
  'runner/trial/process.js': 'trial-process',
  'engines/tensorflow/installation/self-test-process.js': 'self-test-process',
  'training/ahead/worker.js': 'feeds-worker',
};

/** Files that sources read beside them. */
const ASSETS = ['report/style.css', ...ownSources().map((name) => `engines/tensorflow/native/${name}`)];

/** Packages that are ES modules of many small files, which Node would read one by one. */
const BUNDLED = ['zod'];

/** Packages whose code is compiled in: the first into modules, the others into the script of the report. */
const COMPILED_IN = ['zod', 'echarts', 'zrender', 'echarts/node_modules/tslib'];

/** A source that looks for a file by its own place finds it at the same place below `dist`. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const place = relative(SOURCES, dirname(path)).replaceAll('\\', '/');
      if (place.startsWith('..')) return undefined;
      // All modules of `dist` lie side by side, so that each knows the folder of all.
      const folder = `(import.meta.dirname + ${JSON.stringify(`/${place}`)})`;
      const contents = readFileSync(path, 'utf8').replaceAll('import.meta.dirname', folder);
      return { contents, loader: 'ts' };
    });
  },
};

async function buildModules(): Promise<void> {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'optionalDependencies', Readonly<Record<string, string>>>;
  const packages = Object.keys({ ...dependencies, ...optionalDependencies });
  await build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(
      Object.entries(ENTRIES).map(([name, source]) => [name, join(SOURCES, source)]),
    ),
    outdir: OUT,
    bundle: true,
    // Commands stay modules of their own, which are loaded when they are called.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    minifyWhitespace: true,
    external: [...packages, 'esbuild', 'tsx'].filter((name) => !BUNDLED.includes(name)),
    plugins: [keepPlaces],
    logLevel: 'warning',
  });
}

/** The text of packages is in the packages; in the source maps it would be a quarter. Lines are found all the same. */
function leaveOutPackages(): void {
  for (const name of readdirSync(OUT)) {
    if (!name.endsWith('.js.map')) continue;
    const path = join(OUT, name);
    const map = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly sources: readonly string[];
      readonly sourcesContent: readonly string[];
    };
    const sourcesContent = map.sourcesContent.map((text, index) =>
      map.sources[index]?.includes('node_modules/') ? null : text,
    );
    writeFileSync(path, JSON.stringify({ ...map, sourcesContent }));
  }
}

/** A module at the place of the source that it stands for: `dist/runner/trial/process.js`. */
function writeProcess(place: string, entry: string): void {
  const path = join(OUT, place);
  mkdirSync(dirname(path), { recursive: true });
  const target = relative(dirname(path), join(OUT, `${entry}.js`)).replaceAll('\\', '/');
  writeFileSync(path, `import '${target}';\n`);
}

/** `dist/types/`, for the modules that programs import. */
function writeDeclarations(): void {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(import.meta.dirname, 'tsconfig.json')], {
    stdio: 'inherit',
  });
  for (const name of readdirSync(DECLARATIONS, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(DECLARATIONS, name);
    // The compiler leaves the endings of the sources.
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replaceAll(/(?<=['"]\.{1,2}\/[^'"]*)\.ts(?=['"])/g, '.js'),
    );
  }
}

function listLicences(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|notice|copyright)/i.test(entry.name))
    .map(({ name }) => join(folder, name));
}

/** `dist/LICENSES.txt`: of the packages whose code lies in `dist`. */
function writeLicences(): void {
  const texts = COMPILED_IN.map((name) => {
    const folder = join(ROOT, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
      string,
      string
    >;
    const files = [folder, join(folder, 'licenses')].filter(existsSync).flatMap(listLicences);
    const title = `${name.replace(/^.*node_modules\//, '')} ${version} (${license})`;
    return [title, ...files.map((file) => readFileSync(file, 'utf8').trim())].join('\n\n');
  });
  writeFileSync(join(OUT, 'LICENSES.txt'), `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
}

rmSync(OUT, { recursive: true, force: true });
await buildModules();
leaveOutPackages();
for (const [place, entry] of Object.entries(PROCESSES)) writeProcess(place, entry);
for (const asset of ASSETS) cpSync(join(SOURCES, asset), join(OUT, asset));
writeFileSync(join(OUT, 'report/client.js'), await bundleClient());
writeDeclarations();
writeLicences();
