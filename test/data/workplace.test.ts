/** @file Folders for half-done work: gone when it ends, whichever way. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inWorkplace } from '../../src/data/workplace.ts';
import { UserError } from '../../src/errors.ts';
import { temporaryFolder } from '../runs/temporary.ts';

describe('inWorkplace', () => {
  it('makes the folder and one within, gives back what the work returns, and removes the inner one', async () => {
    const folder = join(temporaryFolder(), 'a/b');
    const result = await inWorkplace(folder, 1, async (workplace) => {
      writeFileSync(join(workplace, 'half'), 'x');
      return readdirSync(folder).length;
    });
    expect(result).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('removes the folder if the work fails, and stops listening to the end of the process', async () => {
    const folder = temporaryFolder();
    const listeners = process.listenerCount('exit');
    const failing = inWorkplace(folder, 1, async () => {
      expect(process.listenerCount('exit')).toBe(listeners + 1);
      throw new Error('mine');
    });
    await expect(failing).rejects.toThrow('mine');
    expect(readdirSync(folder)).toEqual([]);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('says in one sentence that the disk became full', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const failing = inWorkplace(temporaryFolder(), 3e6, () => Promise.reject(full));
    await expect(failing).rejects.toThrow(UserError);
    await expect(failing).rejects.toThrow(
      /^the disk of .* is full; 3 MB are needed; the environment variable TD_DATA names another folder$/,
    );
  });

  it('says in one sentence that the folder cannot be made', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(inWorkplace(join(file, 'x'), 1, async () => 1)).rejects.toThrow(
      /^cannot write to .*file\/x: /,
    );
  });
});
