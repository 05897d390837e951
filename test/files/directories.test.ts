/** @file Folders are made, or refused, but never tried for ever. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeDirectory } from '../../src/files/directories.ts';

it('makes a folder with those above it, and keeps what is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'td-directories-'));
  makeDirectory(join(folder, 'a/b'));
  makeDirectory(join(folder, 'a'));
  expect(existsSync(join(folder, 'a/b'))).toBe(true);
  rmSync(folder, { recursive: true });
});

describe.skipIf(process.platform === 'win32')('a folder that cannot be made', () => {
  it('is refused where a link leads nowhere', () => {
    const folder = mkdtempSync(join(tmpdir(), 'td-directories-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(join(folder, 'gone'), join(folder, 'link'));
    for (const path of ['link', 'link/a/b'].map((name) => join(folder, name)))
      expect(() => makeDirectory(path)).toThrow(expect.objectContaining({ code: 'EEXIST', path }));
  });

  it('is refused below a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'td-directories-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'file'), '');
    for (const name of ['file', 'file/a/b']) expect(() => makeDirectory(join(folder, name))).toThrow();
  });

  // Node's own recursive mkdir never came back from here.
  it.skipIf(!existsSync('/proc/self'))(
    'is refused where the system denies that the folder above it is there',
    () => {
      expect(() => makeDirectory('/proc/nope/a')).toThrow(expect.objectContaining({ path: '/proc/nope/a' }));
    },
  );
});

it.skipIf(process.platform === 'win32')('comes to an end where the working folder was removed', () => {
  const script = `
    import { mkdtempSync, rmdirSync } from 'node:fs';
    import { makeDirectory } from ${JSON.stringify(join(import.meta.dirname, '../../src/files/directories.ts'))};
    const folder = mkdtempSync(${JSON.stringify(join(tmpdir(), 'td-removed-'))});
    process.chdir(folder);
    rmdirSync(folder);
    try {
      makeDirectory('results/a');
    } catch (error) {
      process.stdout.write(error.code);
    }
  `;
  const { stdout, signal } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { encoding: 'utf8', timeout: 5 * 60_000 },
  );
  expect({ stdout, signal }).toEqual({ stdout: 'ENOENT', signal: null });
});
