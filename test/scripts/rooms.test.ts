/** @file The rules of the house, held against files that break them: `npm run lint` must see each of these. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'td-rooms-'));
  cpSync(join(ROOT, 'scripts/lint'), join(folder, 'scripts/lint'), { recursive: true });
  cpSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** What a tool says of the files, whether it is content or not. */
async function run(tool: string, ...words: readonly string[]): Promise<string> {
  const told = promisify(execFile)(join(BIN, tool), words, { cwd: folder });
  const { stdout, stderr } = await told.catch((error: { stdout: string; stderr: string }) => error);
  return stdout + stderr;
}

const checkRooms = () => run('depcruise', '--config', 'scripts/lint/rooms.cjs', 'src', 'scripts');
const checkStyle = () => run('biome', 'lint', '--vcs-enabled=false', 'src');

describe('The rooms', () => {
  it('may be used by those that come after them', async () => {
    write({
      'src/pruning/a.ts': 'export const a = 1;\n',
      'src/methods/b.ts': "import { a } from '../pruning/a.ts';\nexport const b = a;\n",
      'scripts/c.ts': "import { b } from '../src/methods/b.ts';\nexport const c = b;\n",
    });
    expect(await checkRooms()).toContain('no dependency violations found');
  });

  it.each([
    [
      'a type of a later room',
      'pruning',
      "import type { b } from '../methods/b.ts';\nexport type A = typeof b;\n",
    ],
    ['a later room when it runs', 'pruning', "export const a = () => import('../methods/b.ts');\n"],
    ['a neighbour in its line', 'models', "import { d } from '../data/d.ts';\nexport const a = d;\n"],
    ['the command line', 'report', "import { e } from '../cli/e.ts';\nexport const a = e;\n"],
  ])('may not import %s', async (_what, room, text) => {
    write({
      [`src/${room}/a.ts`]: text,
      'src/methods/b.ts': 'export const b = 1;\n',
      'src/data/d.ts': 'export const d = 1;\n',
      'src/cli/e.ts': 'export const e = 1;\n',
    });
    expect(await checkRooms()).toContain(`error what ${room} may import`);
  });

  it('are all in the list', async () => {
    write({ 'src/attic/a.ts': "import { join } from 'node:path';\nexport const a = join;\n" });
    expect(await checkRooms()).toContain('error a room that the list lacks');
  });

  it('hold no circle', async () => {
    write({
      'src/data/a.ts': "import type { B } from './b.ts';\nexport type A = B | 1;\n",
      'src/data/b.ts': "import type { A } from './a.ts';\nexport type B = { a?: A };\n",
    });
    expect(await checkRooms()).toContain('error no circle');
  });

  it('let the settings of a method load its regularizer when it is needed, and not before', async () => {
    const regularizer = "import type { S } from './settings.ts';\nexport const create = (_: S) => 1;\n";
    write({
      'src/methods/x/regularizer.ts': regularizer,
      'src/methods/x/settings.ts':
        "export type S = 1;\nexport const load = () => import('./regularizer.ts');\n",
    });
    expect(await checkRooms()).toContain('no dependency violations found');
    write({
      'src/methods/x/settings.ts':
        "import { create } from './regularizer.ts';\nexport type S = 1;\ncreate(1);\n",
    });
    expect(await checkRooms()).toContain('error what is known of a method needs no tfjs');
  });

  it('serve scripts without the command line', async () => {
    write({
      'src/cli/e.ts': 'export const e = 1;\n',
      'scripts/c.ts': "import { e } from '../src/cli/e.ts';\nexport const c = e;\n",
    });
    expect(await checkRooms()).toContain('error scripts work without the command line');
  });
});

describe('The linter', () => {
  it.each([
    [
      'printing below the terminal',
      'src/runner/a.ts',
      "process.stderr.write('a');\n",
      /Only src\/cli and src\/terminal print/,
    ],
    [
      'the console below the terminal',
      'src/data/a.ts',
      "console.log('a');\n",
      /Only src\/cli and src\/terminal print/,
    ],
    [
      'an end of the process',
      'src/cli/run.ts',
      'process.exit(1);\n',
      /Only src\/cli\/main.ts ends the process/,
    ],
    [
      'random numbers without a seed',
      'src/random/a.ts',
      'export const a = Math.random();\n',
      /Math.random is banned/,
    ],
  ])('refuses %s', async (_what, path, text, message) => {
    write({ [path]: text });
    expect(await checkStyle()).toMatch(message);
  });

  it('lets commands print, and main end the process', async () => {
    write({
      'src/cli/main.ts': 'process.exit(1);\n',
      'src/terminal/output.ts': "process.stdout.write('a');\n",
    });
    expect(await checkStyle()).not.toMatch(/Only src/);
  });
});
