/** @file td's sources are TypeScript: a bundle is made of them when td starts, and kept for as long as they stay as they are. */
import { chmodSync, cpSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Ended, execute, makeFolder, type Place } from './td.ts';

const ROOT = join(import.meta.dirname, '../..');
const WEEK = 7 * 24 * 3600;

/** A program of one source file that is started as td is, with packages of its own. */
function makeProgram(source: string): Place {
  const place = makeFolder({ 'src/cli/main.ts': source });
  onTestFinished(() => place.remove());
  cpSync(join(ROOT, 'bin'), join(place.folder, 'bin'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(place.folder, 'package.json'));
  mkdirSync(join(place.folder, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name === '.cache') continue;
    symlinkSync(join(ROOT, 'node_modules', name), join(place.folder, 'node_modules', name), 'junction');
  }
  return place;
}

function start({ folder }: Place, variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return execute(process.execPath, ['bin/td'], folder, variables);
}

const cacheOf = ({ folder }: Place): string => join(folder, 'node_modules/.cache/td');

describe('a bundle of the sources', () => {
  it('is made once, and again when one has changed', async () => {
    const place = makeProgram('const answer: number = 41;\nconsole.log(answer);\n');
    expect(await start(place)).toEqual({ code: 0, stdout: '41\n', stderr: '' });
    expect(await start(place)).toMatchObject({ stdout: '41\n' });
    expect(readdirSync(cacheOf(place))).toHaveLength(1);
    place.write('src/cli/main.ts', 'const answer: number = 42;\nconsole.log(answer, "now");\n');
    expect(await start(place)).toEqual({ code: 0, stdout: '42 now\n', stderr: '' });
    expect(readdirSync(cacheOf(place))).toHaveLength(2);
  });

  it('is made again when a source changes that keeps its size', async () => {
    const place = makeProgram('console.log(41);\n');
    await start(place);
    place.write('src/cli/main.ts', 'console.log(42);\n');
    expect(await start(place)).toMatchObject({ stdout: '42\n' });
  });

  it('may be made by several processes at once', async () => {
    const place = makeProgram('console.log("one of many");\n');
    const ended = await Promise.all(Array.from({ length: 4 }, () => start(place)));
    for (const one of ended) expect(one).toEqual({ code: 0, stdout: 'one of many\n', stderr: '' });
    expect(readdirSync(cacheOf(place))).toHaveLength(1);
  });

  it('is removed a week after the sources have changed', async () => {
    const place = makeProgram('console.log("first");\n');
    await start(place);
    const [old = ''] = readdirSync(cacheOf(place));
    const longAgo = Date.now() / 1000 - WEEK - 60;
    utimesSync(join(cacheOf(place), old), longAgo, longAgo);
    place.write('src/cli/main.ts', 'console.log("second");\n');
    expect(await start(place)).toMatchObject({ stdout: 'second\n' });
    expect(readdirSync(cacheOf(place))).toHaveLength(1);
    expect(readdirSync(cacheOf(place))).not.toContain(old);
  });

  it('is named with the lines of the sources by the stack of an error, whether it was kept or is new', async () => {
    const place = makeProgram(
      'interface Unused {\n  readonly a: number;\n}\n\nthrow new TypeError("a bug");\n',
    );
    for (const ended of [await start(place), await start(place)]) {
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(/TypeError: a bug\n\s+at .*src\/cli\/main\.ts:5:7/);
    }
  });

  it('lets a source find files by its own place', async () => {
    const place = makeProgram('console.log(import.meta.dirname, import.meta.url);\n');
    const { stdout } = await start(place);
    expect(stdout).toMatch(/src\/cli file:.*src\/cli\/main\.ts\n$/);
    expect(stdout.split(' ')[0]).toBe(join(place.folder, 'src/cli'));
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'is done without where the folder of the packages cannot be written to',
    async () => {
      const place = makeProgram('console.log("without");\n');
      const packages = join(place.folder, 'node_modules');
      const { mode } = statSync(packages);
      chmodSync(packages, 0o555);
      onTestFinished(() => chmodSync(packages, mode));
      expect(await start(place)).toEqual({ code: 0, stdout: 'without\n', stderr: '' });
      expect(readdirSync(packages)).not.toContain('.cache');
    },
  );

  it('is done without where something else stands in its place', async () => {
    const place = makeProgram('console.log("without");\n');
    place.write('node_modules/.cache', 'a file');
    expect(await start(place)).toEqual({ code: 0, stdout: 'without\n', stderr: '' });
  });
});
