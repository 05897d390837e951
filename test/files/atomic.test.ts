/** @file Checks that files are replaced whole or not at all. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/files/atomic.ts';
import { temporaryFolder } from '../runs/temporary.ts';

describe('writeFileAtomic', () => {
  it('writes text and bytes and leaves nothing else behind', () => {
    const folder = temporaryFolder();
    writeFileAtomic(join(folder, 'text.csv'), 'a ± b\n');
    writeFileAtomic(join(folder, 'bytes.bin'), Uint8Array.of(0, 255, 10));
    expect(readFileSync(join(folder, 'text.csv'), 'utf8')).toBe('a ± b\n');
    expect([...readFileSync(join(folder, 'bytes.bin'))]).toEqual([0, 255, 10]);
    expect(readdirSync(folder).sort()).toEqual(['bytes.bin', 'text.csv']);
  });

  it('makes no folder in the place of one that is gone', () => {
    const folder = temporaryFolder();
    expect(() => writeFileAtomic(join(folder, 'gone/metrics.csv'), 'x')).toThrow('ENOENT');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('replaces a longer file whole', () => {
    const path = join(temporaryFolder(), 'file');
    writeFileAtomic(path, 'long content');
    writeFileAtomic(path, 'short');
    expect(readFileSync(path, 'utf8')).toBe('short');
  });

  it('removes the temporary file if the rename fails', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'taken/inside'), { recursive: true });
    expect(() => writeFileAtomic(join(folder, 'taken'), 'x')).toThrow();
    expect(readdirSync(folder)).toEqual(['taken']);
    expect(existsSync(join(folder, 'taken/inside'))).toBe(true);
  });
});
