/** @file td's sources are TypeScript: they are translated when they are loaded, and the translations are kept. */
import { chmodSync, cpSync, readdirSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Ended, execute, makeFolder, type Place } from './td.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A program of one source file that is started as td is, with a temporary folder of its own. */
function makeProgram(source: string): Place {
  const place = makeFolder({ 'src/cli/main.ts': source, 'tmp/empty': '' });
  onTestFinished(() => place.remove());
  cpSync(join(ROOT, 'bin'), join(place.folder, 'bin'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(place.folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(place.folder, 'node_modules'), 'junction');
  return place;
}

function start({ folder }: Place): Promise<Ended> {
  return execute(process.execPath, ['bin/td'], folder, { TMPDIR: join(folder, 'tmp') });
}

/** The folder of the translations, and what is in it. */
function keptIn({ folder }: Place): { readonly path: string; readonly files: readonly string[] } {
  const [name = 'none'] = readdirSync(join(folder, 'tmp')).filter((entry) =>
    entry.startsWith('td-translated-'),
  );
  const path = join(folder, 'tmp', name);
  return { path, files: readdirSync(path) };
}

describe('a source', () => {
  it('is translated once, and again when it has changed', async () => {
    const place = makeProgram('const answer: number = 41;\nconsole.log(answer);\n');
    expect(await start(place)).toEqual({ code: 0, stdout: '41\n', stderr: '' });
    expect(await start(place)).toMatchObject({ stdout: '41\n' });
    expect(keptIn(place).files).toHaveLength(1);
    place.write('src/cli/main.ts', 'const answer: number = 42;\nconsole.log(answer);\n');
    expect(await start(place)).toEqual({ code: 0, stdout: '42\n', stderr: '' });
    expect(keptIn(place).files).toHaveLength(2);
  });

  it('that is no more leaves no translation behind for ever', async () => {
    const place = makeProgram('console.log("first");\n');
    await start(place);
    const { path, files } = keptIn(place);
    const [old = ''] = files;
    const now = Date.now() / 1000;
    utimesSync(join(path, old), now, now - 31 * 24 * 3600);
    place.write('src/cli/main.ts', 'console.log("second");\n');
    expect(await start(place)).toMatchObject({ stdout: 'second\n' });
    expect(keptIn(place).files).toHaveLength(1);
    expect(keptIn(place).files).not.toContain(old);
  });

  it('is named with its own lines by the stack of an error, whether its translation was kept or is new', async () => {
    const place = makeProgram(
      'interface Unused {\n  readonly a: number;\n}\n\nthrow new TypeError("a bug");\n',
    );
    for (const ended of [await start(place), await start(place)]) {
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(/TypeError: a bug\n\s+at .*src\/cli\/main\.ts:5:7/);
    }
  });

  it.skipIf(process.platform === 'win32')(
    'is kept where nobody else can write, and not in a folder where others can',
    async () => {
      const place = makeProgram('console.log("ours");\n');
      await start(place);
      const { path, files } = keptIn(place);
      expect(statSync(path).mode & 0o077).toBe(0);
      chmodSync(path, 0o777);
      const [file = ''] = files;
      place.write(
        `tmp/${path.slice(join(place.folder, 'tmp').length + 1)}/${file}`,
        'console.log("theirs");\n',
      );
      expect(await start(place)).toEqual({ code: 0, stdout: 'ours\n', stderr: '' });
      chmodSync(path, 0o700);
      expect(await start(place)).toMatchObject({ stdout: 'theirs\n' });
    },
  );
});
