/** @file Which checkpoint a run goes on from: the last one that is whole, whatever befell the others. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpointRecord, writeCheckpoint } from '../../src/runs/checkpoint.ts';
import { recoverCheckpoint } from '../../src/runs/recovery.ts';
import { temporaryFolder } from './temporary.ts';

const [RECORD, TENSORS] = ['checkpoint.json', 'checkpoint.safetensors'] as const;
const [PREVIOUS_RECORD, PREVIOUS_TENSORS] = [
  'checkpoint.previous.json',
  'checkpoint.previous.safetensors',
] as const;

/** A folder with checkpoints of these epochs, written one after another. */
function folderWith(...epochs: readonly number[]): string {
  const directory = temporaryFolder();
  for (const epoch of epochs) write(directory, epoch);
  return directory;
}

function write(directory: string, epoch: number): void {
  const arrays = { weights: Float32Array.of(epoch, 2, 3) };
  const specs = { weights: { shape: [3], dtype: 'float32' } } as const;
  const totals = { loss: epoch / 2 };
  writeCheckpoint(directory, { epoch, step: epoch * 10, trainSeconds: 1, totals, arrays, specs });
}

function recover(directory: string): {
  epoch: number | undefined;
  weight: number | undefined;
  said: string[];
} {
  const said: string[] = [];
  const checkpoint = recoverCheckpoint(directory, (sentence) => said.push(sentence));
  return { epoch: checkpoint?.epoch, weight: checkpoint?.arrays.weights?.[0], said };
}

/** Ways to damage a file. */
const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'cut off': (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2)),
  empty: (path) => truncateSync(path, 0),
  'of other bytes': (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length, 7)),
  gone: (path) => rmSync(path),
};

describe('a run with two checkpoints', () => {
  it('keeps these two and no more, and goes on from the last', () => {
    const directory = folderWith(1, 2, 3);
    expect(readdirSync(directory).sort()).toEqual(
      [PREVIOUS_RECORD, PREVIOUS_TENSORS, RECORD, TENSORS].sort(),
    );
    expect(recover(directory)).toEqual({ epoch: 3, weight: 3, said: [] });
  });

  describe.each([RECORD, TENSORS])('whose %s', (file) => {
    it.each(Object.keys(DAMAGES))('is %s goes on from the one before, with a warning, for good', (damage) => {
      const directory = folderWith(1, 2, 3);
      DAMAGES[damage]?.(join(directory, file));
      const { said, ...found } = recover(directory);
      expect(found).toEqual({ epoch: 2, weight: 2 });
      expect(said[0]).toContain(join(directory, file));
      expect(said[0]).toMatch(/; set aside as \*\.damaged$/);
      expect(said[1]).toBe('going on from the checkpoint before it, at step 20 (epoch 2 done)');
      expect(existsSync(join(directory, `${file}.damaged`))).toBe(damage !== 'gone');
      expect(recover(directory)).toEqual({ epoch: 2, weight: 2, said: [] });
      write(directory, 3);
      expect(recover(directory)).toEqual({ epoch: 3, weight: 3, said: [] });
      DAMAGES.empty?.(join(directory, TENSORS));
      expect(recover(directory)).toMatchObject({ epoch: 2, weight: 2 });
    });
  });

  it('whose last one is gone altogether goes on from the one before, and nothing is said to be set aside', () => {
    const directory = folderWith(1, 2, 3);
    for (const file of [RECORD, TENSORS]) DAMAGES.gone?.(join(directory, file));
    const { said, ...found } = recover(directory);
    expect(found).toEqual({ epoch: 2, weight: 2 });
    expect(said[0]).toBe(`${join(directory, RECORD)} is missing`);
    expect(readdirSync(directory).filter((file) => file.endsWith('.damaged'))).toEqual([]);
  });

  it('that are both damaged begins anew, with a warning', () => {
    const directory = folderWith(1, 2);
    DAMAGES.empty?.(join(directory, TENSORS));
    DAMAGES['cut off']?.(join(directory, PREVIOUS_TENSORS));
    const { epoch, said } = recover(directory);
    expect(epoch).toBeUndefined();
    expect(said.map((sentence) => sentence.replace(`${directory}/`, ''))).toEqual([
      'checkpoint.safetensors is damaged: its SHA-256 is not the one in checkpoint.json; set aside as *.damaged',
      'checkpoint.previous.safetensors is damaged: its SHA-256 is not the one in checkpoint.previous.json; set aside as well',
      'training begins anew',
    ]);
    expect(recover(directory)).toEqual({ epoch: undefined, weight: undefined, said: [] });
  });

  it('goes on from the last although the one before is damaged, and then has two again', () => {
    const directory = folderWith(1, 2);
    DAMAGES.empty?.(join(directory, PREVIOUS_RECORD));
    expect(recover(directory)).toEqual({ epoch: 2, weight: 2, said: [] });
    write(directory, 3);
    DAMAGES.empty?.(join(directory, TENSORS));
    expect(recover(directory)).toMatchObject({ epoch: 2, weight: 2 });
  });

  it('goes on from the one before if something else than a file has the place of the last one', () => {
    const directory = folderWith(1, 2);
    rmSync(join(directory, TENSORS));
    mkdirSync(join(directory, TENSORS));
    const { said, ...found } = recover(directory);
    expect(found).toEqual({ epoch: 1, weight: 1 });
    expect(said[0]).toBe(`${join(directory, TENSORS)} is not a file; set aside as *.damaged`);
    expect(recover(directory)).toEqual({ epoch: 1, weight: 1, said: [] });
  });

  it.each([
    ['epoch', '"epoch": 3', '"epoch": 2'],
    ['step', '"step": 30', '"step": 38'],
    ['total/loss', '"loss": 1.5', '"loss": 1.4'],
  ])('goes on from the one before if a digit of its %s changed', (name, written, changed) => {
    const directory = folderWith(1, 2, 3);
    const path = join(directory, RECORD);
    writeFileSync(path, readFileSync(path, 'utf8').replace(written, changed));
    const { said, ...found } = recover(directory);
    expect(found).toEqual({ epoch: 2, weight: 2 });
    expect(said[0]).toContain(`${path} is damaged: its ${name} is `);
  });

  it('is listed by the record that can be read', () => {
    const directory = folderWith(1, 2);
    DAMAGES.empty?.(join(directory, RECORD));
    expect(readCheckpointRecord(directory)?.epoch).toBe(1);
    DAMAGES.empty?.(join(directory, PREVIOUS_RECORD));
    expect(readCheckpointRecord(directory)).toBeUndefined();
  });
});

describe('a checkpoint whose writing was cut off', () => {
  it('before it took over is forgotten', () => {
    const directory = folderWith(1, 2);
    renameSync(join(folderWith(9), TENSORS), join(directory, `${TENSORS}.next`));
    expect(recover(directory)).toEqual({ epoch: 2, weight: 2, said: [] });
    expect(existsSync(join(directory, `${TENSORS}.next`))).toBe(false);
  });

  it('after it took over is completed, and the one before is kept', () => {
    const directory = folderWith(1, 2);
    renameSync(join(directory, TENSORS), join(directory, `${TENSORS}.next`));
    renameSync(join(directory, PREVIOUS_TENSORS), join(directory, TENSORS));
    expect(recover(directory)).toEqual({ epoch: 2, weight: 2, said: [] });
    DAMAGES.empty?.(join(directory, TENSORS));
    expect(recover(directory)).toMatchObject({ epoch: 1, weight: 1 });
  });

  it('is nothing to go on from if it was the first', () => {
    const directory = folderWith();
    renameSync(join(folderWith(9), TENSORS), join(directory, `${TENSORS}.next`));
    expect(recover(directory)).toEqual({ epoch: undefined, weight: undefined, said: [] });
  });
});
