/** @file What is loaded by commands that compute nothing: they are typed often, and should answer at once. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { execute, makeFolder, TD, TINY, td } from './td.ts';

const RECORDER = pathToFileURL(join(import.meta.dirname, 'record-loads.mjs')).href;
const HEAVY = /node_modules\/(@tensorflow\/[\w-]+|onnxruntime-[\w-]+)\//;
const PACKAGE = /node_modules\/((?:@[\w-]+\/)?[\w-]+)\//;

/** Runs td; returns the paths of all sources and packages that it has loaded. */
async function loadedBy(folder: string, ...parameters: readonly string[]): Promise<string[]> {
  const list = join(folder, `loaded-${parameters.join('-').replaceAll(/\W+/g, '-')}`);
  const variables = { TD_LOADED: list };
  const { code, stderr } = await execute(
    process.execPath,
    ['--import', RECORDER, TD, ...parameters],
    folder,
    variables,
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return readFileSync(list, 'utf8').trimEnd().split('\n').flatMap(listSources);
}

/** What a module of td's bundle was made of; any other module is one itself. */
function listSources(module: string): readonly string[] {
  const path = module.startsWith('file:') ? fileURLToPath(module) : module;
  if (!path.includes('/node_modules/.cache/td/')) return [path];
  const { sources } = JSON.parse(readFileSync(`${path}.map`, 'utf8')) as { readonly sources: string[] };
  return sources.map((source) => resolve(dirname(path), source));
}

function packagesOf(loaded: readonly string[]): string[] {
  return [...new Set(loaded.flatMap((path) => PACKAGE.exec(path)?.[1] ?? []))].sort();
}

function temporaryPlace(files: Readonly<Record<string, string>> = {}): string {
  const place = makeFolder(files);
  onTestFinished(() => place.remove());
  return place.folder;
}

// Whoever starts td first after a change of its sources makes its bundle, and loads what makes it.
beforeAll(async () => {
  await td(process.cwd(), '--version');
});

describe('what td loads', () => {
  it('for its help is neither a command nor a package but the parser of the command line and the spelling of names', async () => {
    const loaded = await loadedBy(temporaryPlace(), '--help');
    expect(packagesOf(loaded)).toEqual(['commander', 'fastest-levenshtein']);
    expect(loaded.some((path) => path.endsWith('src/cli/commands.ts'))).toBe(true);
    expect(
      loaded.filter((path) => /src\/(config|data|models|methods|runs)\/|src\/cli\/run\.ts/.test(path)),
    ).toEqual([]);
  });

  it('for a list of runs is no engine', async () => {
    const folder = temporaryPlace({ 'tiny.yaml': TINY });
    await td(folder, 'run', 'tiny.yaml', '--only', 'plain', '--seeds', '0');
    const loaded = await loadedBy(folder, 'list');
    expect(packagesOf(loaded)).toContain('zod');
    expect(loaded.filter((path) => HEAVY.test(path))).toEqual([]);
  });

  it('for a folder without runs is nothing that inspects runs', async () => {
    const loaded = await loadedBy(temporaryPlace(), 'list');
    expect(packagesOf(loaded)).toEqual(['commander', 'fastest-levenshtein']);
  });

  it('for the flags and the help of any command is no engine', async () => {
    // The files of all commands that a line names are loaded.
    const names = COMMANDS.flatMap(({ name, commands = [] }) => [
      name,
      ...commands.map((child) => child.name),
    ]);
    const loaded = await loadedBy(temporaryPlace(), ...names, '--help');
    expect(
      loaded.filter((path) => /src\/cli\/(run|sweep|bench|data\/fetch|engines\/install)\.ts/.test(path)),
    ).toHaveLength(5);
    expect(loaded.filter((path) => HEAVY.test(path))).toEqual([]);
  });

  it('is seen by this test when an engine is among it', async () => {
    const loaded = await loadedBy(temporaryPlace(), 'engines');
    expect(packagesOf(loaded)).toContain('onnxruntime-node');
  });
});
