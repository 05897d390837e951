/** @file Checks that checkpoints come back bit for bit, survive a crash at any point, and show damage. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/runs/checkpoint.ts';
import { temporaryFolder } from './temporary.ts';

function checkpointAt(epoch: number) {
  return {
    epoch,
    step: epoch * 469,
    trainSeconds: 1.25,
    totals: { loss: 0.1 + 0.2, count: Number.POSITIVE_INFINITY },
    arrays: {
      'dense1/kernel': Float32Array.of(epoch, Math.fround(1 / 3), Number.NaN),
      steps: Int32Array.of(-epoch),
    },
    specs: {
      'dense1/kernel': { shape: [3, 1], dtype: 'float32' },
      steps: { shape: [], dtype: 'int32' },
    },
  } as const;
}

describe('checkpoints', () => {
  it('come back bit for bit with the digest of their arrays', () => {
    const directory = temporaryFolder();
    const sha256 = writeCheckpoint(directory, checkpointAt(2));
    const bytes = readFileSync(join(directory, 'checkpoint.safetensors'));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    expect(readCheckpoint(directory)).toEqual({ ...checkpointAt(2), sha256 });
    expect(readdirSync(directory).sort()).toEqual(['checkpoint.json', 'checkpoint.safetensors']);
  });

  it('are absent before the first is written', () => {
    expect(readCheckpoint(temporaryFolder())).toBeUndefined();
  });

  it('have the same digest when equal and another when one bit differs', () => {
    const first = writeCheckpoint(temporaryFolder(), checkpointAt(2));
    expect(writeCheckpoint(temporaryFolder(), checkpointAt(2))).toBe(first);
    const arrays = { ...checkpointAt(2).arrays, steps: Int32Array.of(-3) };
    expect(writeCheckpoint(temporaryFolder(), { ...checkpointAt(2), arrays })).not.toBe(first);
  });

  it('stay the old one if writing is cut off before the new one takes over', () => {
    const directory = temporaryFolder();
    writeCheckpoint(directory, checkpointAt(1));
    const other = temporaryFolder();
    writeCheckpoint(other, checkpointAt(2));
    renameSync(join(other, 'checkpoint.safetensors'), join(directory, 'checkpoint.safetensors.next'));
    expect(readCheckpoint(directory)).toMatchObject(checkpointAt(1));
    writeCheckpoint(directory, checkpointAt(3));
    expect(readCheckpoint(directory)).toMatchObject(checkpointAt(3));
  });

  it('are the new one if writing is cut off after that', () => {
    const directory = temporaryFolder();
    writeCheckpoint(directory, checkpointAt(1));
    const old = readFileSync(join(directory, 'checkpoint.safetensors'));
    writeCheckpoint(directory, checkpointAt(2));
    renameSync(join(directory, 'checkpoint.safetensors'), join(directory, 'checkpoint.safetensors.next'));
    writeFileSync(join(directory, 'checkpoint.safetensors'), old);
    expect(readCheckpoint(directory)).toMatchObject(checkpointAt(2));
  });

  it('are refused when a single bit of the arrays has changed, or the arrays are gone', () => {
    const directory = temporaryFolder();
    const path = join(directory, 'checkpoint.safetensors');
    writeCheckpoint(directory, checkpointAt(2));
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(path, bytes);
    expect(() => readCheckpoint(directory)).toThrow(UserError);
    expect(() => readCheckpoint(directory)).toThrow(`${path} is damaged`);
    rmSync(path);
    expect(() => readCheckpoint(directory)).toThrow(`${path} is missing`);
  });

  it('are refused when checkpoint.json has another form', () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'checkpoint.json'), '{"epoch": -1}');
    expect(() => readCheckpoint(directory)).toThrow(`${join(directory, 'checkpoint.json')}: "epoch"`);
  });
});
