/** @file File systems that cannot all that a local disk can: folders that cannot be synced, no hard links. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { renameDurably, writeFileAtomic } from '../../src/files/atomic.ts';
import { tryLock } from '../../src/locks/lock.ts';
import { temporaryFolder } from '../runs/temporary.ts';

/** The errors that the next calls meet, by what they are for. */
const errors = vi.hoisted(
  (): { folderSync?: string; fileSync?: string; link?: string; linkIsMade?: boolean } => ({}),
);

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const fail = (code: string, syscall: string) => {
    throw Object.assign(new Error(`${code}: ordered fault, ${syscall}`), { code, errno: -1, syscall });
  };
  return {
    ...real,
    fsyncSync(descriptor: number) {
      const code = real.fstatSync(descriptor).isDirectory() ? errors.folderSync : errors.fileSync;
      return code === undefined ? real.fsyncSync(descriptor) : fail(code, 'fsync');
    },
    linkSync(from: string, to: string) {
      if (errors.link === undefined || errors.linkIsMade) real.linkSync(from, to);
      if (errors.link !== undefined) fail(errors.link, 'link');
    },
  };
});

afterEach(() => {
  for (const name of Object.keys(errors)) delete errors[name as keyof typeof errors];
});

describe('a folder that cannot be synced', () => {
  it.each(['EINVAL', 'ENOTSUP', 'EPERM', 'EBADF', 'EIO'])(
    'is left as it is, files in it are written (%s)',
    (code) => {
      errors.folderSync = code;
      const folder = temporaryFolder();
      writeFileAtomic(join(folder, 'a'), 'content');
      renameDurably(join(folder, 'a'), join(folder, 'b'));
      expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('content');
    },
  );
});

describe('a file that cannot be synced', () => {
  it.each(['EINVAL', 'EIO', 'ENOSPC'])('is an error, and the old file is left (%s)', (code) => {
    const folder = temporaryFolder();
    writeFileAtomic(join(folder, 'a'), 'old');
    errors.fileSync = code;
    expect(() => writeFileAtomic(join(folder, 'a'), 'new')).toThrow(code);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('a lock where hard links are not to be had', () => {
  const CODES = [
    'EPERM',
    'ENOTSUP',
    'EOPNOTSUPP',
    'ENOSYS',
    'EMLINK',
    'EXDEV',
    'EACCES',
    'EINVAL',
    'ENOENT',
    'EIO',
  ];
  it.each(CODES)('is taken by one alone, and given up (%s)', (code) => {
    errors.link = code;
    const path = join(temporaryFolder(), 'lock.json');
    const lock = tryLock(path);
    if (!('release' in lock)) throw new Error(`owned by ${lock.owner}`);
    lock.requireHeld();
    expect(tryLock(path)).toEqual({ owner: expect.stringContaining(`process ${process.pid}`) });
    lock.release();
    expect(readdirSync(join(path, '..'))).toEqual([]);
    expect(tryLock(path)).toHaveProperty('release');
  });

  it('is ours if the link was made although the answer was that it is there', () => {
    Object.assign(errors, { link: 'EEXIST', linkIsMade: true });
    const path = join(temporaryFolder(), 'lock.json');
    const lock = tryLock(path);
    if (!('release' in lock)) throw new Error(`owned by ${lock.owner}`);
    lock.requireHeld();
  });
});
