/** @file Folders are made, or refused, but never tried for ever. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeDirectory } from '../../src/files/directories.ts';

it('makes a folder with those above it, and keeps what is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'td-directories-'));
  makeDirectory(join(folder, 'a/b'));
  makeDirectory(join(folder, 'a'));
  expect(existsSync(join(folder, 'a/b'))).toBe(true);
  rmSync(folder, { recursive: true });
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
    { encoding: 'utf8', timeout: 20_000 },
  );
  expect({ stdout, signal }).toEqual({ stdout: 'ENOENT', signal: null });
});
