/** @file Files are looked at before they are read. */
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { readBoundedFile } from '../../src/files/read.ts';
import { temporaryFolder } from '../runs/temporary.ts';

describe('readBoundedFile', () => {
  it('reads up to the bound, and not a byte more', () => {
    const path = join(temporaryFolder(), 'x');
    writeFileSync(path, 'abc');
    expect(readBoundedFile(path, 3)?.toString()).toBe('abc');
    expect(() => readBoundedFile(path, 2)).toThrow(`${path} holds 3 bytes, expected at most 2`);
    truncateSync(path, 100e9);
    expect(() => readBoundedFile(path, 2 ** 31)).toThrow('holds 100000000000 bytes');
  });

  it('finds nothing where there is nothing, or a file in place of a folder', () => {
    const path = join(temporaryFolder(), 'x');
    expect(readBoundedFile(path, 3)).toBeUndefined();
    writeFileSync(path, '');
    expect(readBoundedFile(join(path, 'y'), 3)).toBeUndefined();
  });

  it('refuses names that no file can have, and links that lead round', () => {
    const folder = temporaryFolder();
    symlinkSync('loop', join(folder, 'loop'));
    for (const path of ['a\0b', 'x'.repeat(5000), join(folder, 'loop')]) {
      expect(() => readBoundedFile(path, 3)).toThrow(UserError);
      expect(() => readBoundedFile(path, 3)).toThrow('cannot be the name of a file');
    }
  });
});
