/** @file Loads plugins: their methods, models and data sets are registered beside td's own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { datasets } from '../data/registry.ts';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { messageOf, UserError } from '../errors.ts';
import { methods } from '../methods/registry.ts';
import { models } from '../models/registry.ts';
import type { Registry } from '../registry.ts';
import { bundlePlugin, type HostModules } from './bundle.ts';
import { addPlugin, listPlugins } from './loaded.ts';
import { requireDefinition } from './members.ts';
import { type Definition, type Kind, ofPlugin, type PluginIdentity } from './of-plugin.ts';

const REGISTRIES = { methods, models, datasets } as const;
const KINDS = Object.keys(REGISTRIES) as Kind[];

/**
 * Loads plugins that are not loaded yet.
 *
 * @throws UserError if one is missing, does not parse, fails when it is loaded, exports none of the lists, has a definition
 *   that is none, or defines what there is already
 */
export async function loadPlugins(paths: readonly string[]): Promise<void> {
  if (!Array.isArray(paths)) throw new UserError('loadPlugins takes a list of files, expected [file]');
  const isLoaded = (path: string) => listPlugins().some((known) => resolve(known) === resolve(path));
  for (const path of paths) if (!isLoaded(path)) await loadPlugin(path);
}

async function loadPlugin(path: string): Promise<void> {
  await loadTfjs();
  const { exported, hash } = await importPlugin(path, {
    'targeted-dropout/plugin': await import('./contract.ts'),
    '@tensorflow/tfjs': createRequire(import.meta.url)('@tensorflow/tfjs'),
    zod: await import('zod'),
  });
  const plugin = { path, hash };
  const definitions = KINDS.flatMap((kind) => readList(exported[kind], kind, plugin));
  if (definitions.length === 0)
    throw new UserError(
      `plugin ${path} exports none of the lists methods, models and datasets, expected one`,
    );
  for (const { kind, definition } of definitions) register(kind, definition, plugin);
  addPlugin(path);
}

interface Imported {
  readonly exported: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

/** By way of a file, since stacks of errors then name the lines of the plugin. */
async function importPlugin(path: string, host: HostModules): Promise<Imported> {
  const folder = mkdtempSync(join(tmpdir(), 'td-plugin-'));
  const file = join(folder, 'plugin.mjs');
  try {
    const { code, hash } = await bundlePlugin(path, file, host);
    writeFileSync(file, code);
    return { exported: await importFile(file, path), hash };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function importFile(file: string, path: string): Promise<Imported['exported']> {
  const { sourceMapsEnabled } = process;
  process.setSourceMapsEnabled(true);
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new UserError(`plugin ${path} failed when it was loaded: ${messageOf(error)}`);
  } finally {
    // Other modules need none: those of td are dealt with by bin/stack.cjs.
    process.setSourceMapsEnabled(sourceMapsEnabled);
  }
}

function readList(
  list: unknown,
  kind: Kind,
  { path }: PluginIdentity,
): { readonly kind: Kind; readonly definition: Definition }[] {
  if (list === undefined) return [];
  if (!Array.isArray(list))
    throw new UserError(`plugin ${path}: ${kind} is no list, expected one of definitions`);
  return list.map((definition: unknown, index) => ({
    kind,
    definition: requireDefinition(definition, kind, `plugin ${path}: ${kind}[${index}]`),
  }));
}

function register(kind: Kind, definition: Definition, plugin: PluginIdentity): void {
  try {
    (REGISTRIES[kind] as Registry<never>).register(ofPlugin(kind, definition, plugin) as never);
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(`plugin ${plugin.path}: ${messageOf(error)}`);
  }
}
