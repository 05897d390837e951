/** @file Makes one module of a plugin and of what it imports, and says by a hash what it consists of. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildFailure, Loader, Plugin, transform } from 'esbuild';
import { UserError } from '../errors.ts';

export interface PluginBundle {
  /** An ES module. */
  readonly code: string;
  /** SHA-256 in hex of the contents of all its files. */
  readonly hash: string;
}

/** Modules that a plugin shares with td, by the name under which it imports them. */
export type HostModules = Readonly<Record<string, unknown>>;

/** Where the bundle finds the modules that it shares with td. */
const HOST = Symbol.for('targeted-dropout/host-modules');

/**
 * Translates TypeScript, follows imports of files and packages, and leaves out what td itself has.
 *
 * @param path of the plugin: .ts, .mts, .js or .mjs
 * @param outfile where the module will lie, for its source map; it is not written
 * @throws UserError if it is missing, does not parse, or imports what is not there
 */
export async function bundlePlugin(path: string, outfile: string, host: HostModules): Promise<PluginBundle> {
  if (!existsSync(path))
    throw new UserError(`the plugin ${path} does not exist, expected a file in TypeScript or JavaScript`);
  Object.assign(globalThis, { [HOST]: host });
  const { build, transform } = await loadBundler();
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [resolve(path)],
      outfile,
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      // Settings of whatever project the plugin lies in are no part of its content.
      tsconfigRaw: {},
      plugins: [shareModules(Object.keys(host)), keepPlaces(transform)],
      logLevel: 'silent',
    });
    const files = Object.keys(metafile.inputs).filter((file) => !file.startsWith('td:'));
    return { code: outputFiles[0]?.text ?? '', hash: hashFiles(files) };
  } catch (error) {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    if (first === undefined) throw error;
    const { file = path, line = 1, column = 0 } = first.location ?? {};
    throw new UserError(`plugin ${file}:${line}:${column + 1}: ${first.text}`);
  }
}

async function loadBundler(): Promise<typeof import('esbuild')> {
  try {
    return await import('esbuild');
  } catch {
    throw new UserError(
      'plugins need the npm package esbuild, which is not installed; "npm install esbuild" beside td installs it',
    );
  }
}

/** Imports of shared modules give those of this process: their state, and the tfjs that steps are compiled from, are one. */
function shareModules(names: readonly string[]): Plugin {
  return {
    name: 'share-modules',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[@\w]/ }, ({ path }) => {
        if (names.includes(path)) return { path, namespace: 'td' };
        if (!path.startsWith('targeted-dropout')) return undefined;
        const text = `a plugin can import targeted-dropout/plugin, and not ${path}`;
        return { errors: [{ text }] };
      });
      onLoad({ filter: /./, namespace: 'td' }, ({ path }) => ({
        contents: `module.exports = globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(HOST))})][${JSON.stringify(path)}];`,
        loader: 'js',
      }));
    },
  };
}

const LOADERS: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.mts': 'ts', '.js': 'js', '.mjs': 'js' };

/** A file that looks for another beside it, by what `import.meta` says, finds it as if it had not moved into the bundle. */
function keepPlaces(translate: typeof transform): Plugin {
  return {
    name: 'keep-places',
    setup({ onLoad }) {
      onLoad({ filter: /\.m?[jt]s$/ }, async ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (!text.includes('import.meta')) return undefined;
        const place = { url: pathToFileURL(path).href, dirname: dirname(path), filename: path };
        const { code } = await translate(text, {
          loader: LOADERS[extname(path)] ?? 'js',
          define: { 'import.meta': JSON.stringify(place) },
          target: 'node20',
          sourcefile: path,
          sourcemap: 'inline',
          tsconfigRaw: {},
        });
        return { contents: code, loader: 'js' };
      });
    },
  };
}

/** The same files have the same hash wherever they lie and in whichever order they are found. */
function hashFiles(files: readonly string[]): string {
  const digests = files.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
  return createHash('sha256').update(digests.sort().join('\n')).digest('hex');
}
