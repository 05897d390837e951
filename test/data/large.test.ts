/** @file Own images so large that reading and hashing them takes seconds show how far it is; few say nothing. */
import { createHash } from 'node:crypto';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../src/data/fingerprint.ts';
import { loadDataset } from '../../src/data/load.ts';
import type { StartStage } from '../../src/progress.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { makeTar } from './cifar-files.ts';
import { encodeIdx, smallFiles, writeFolder } from './idx-files.ts';
import { datasetSettings } from './settings.ts';

/** What was shown: a line for each stage, with how often it moved and where it ended. */
function recordStages(): { stages: string[]; startStage: StartStage } {
  const stages: string[] = [];
  const startStage: StartStage = (label, total) => {
    let [moves, last] = [0, 0];
    return {
      update(done, detail) {
        expect(done).toBeGreaterThanOrEqual(last);
        expect(detail).toMatch(/^\d+ MB of \d+ MB$/);
        [moves, last] = [moves + 1, done];
      },
      stop: () =>
        void stages.push(
          `${label}: ${last === total ? 'whole' : `${last} of ${total}`}, ${moves > 3 ? 'many' : moves}`,
        ),
    };
  };
  return { stages, startStage };
}

const RECORD = 3073;

/** A file with a beginning and zeros behind it, which take no room on the disk. */
function writeSparse(path: string, beginning: Uint8Array, bytes: number): void {
  writeFileSync(path, beginning);
  truncateSync(path, bytes);
}

function writeIdx(): string {
  const folder = writeFolder(smallFiles());
  const [count, size] = [100_000, 28 * 28];
  const header = (...shape: readonly number[]) => encodeIdx(shape, []);
  writeSparse(join(folder, 'train-images-idx3-ubyte'), header(count, 28, 28), 16 + count * size);
  writeSparse(join(folder, 'train-labels-idx1-ubyte'), header(count), 8 + count);
  writeSparse(join(folder, 't10k-images-idx3-ubyte'), header(2, 28, 28), 16 + 2 * size);
  return folder;
}

function writeCifar(): string {
  const folder = join(temporaryFolder(), 'cifar-10-batches-bin');
  mkdirSync(folder);
  for (let batch = 1; batch <= 5; batch++)
    writeSparse(
      join(folder, `data_batch_${batch}.bin`),
      Buffer.of(batch),
      (batch === 1 ? 25_000 : 1) * RECORD,
    );
  writeSparse(join(folder, 'test_batch.bin'), Buffer.of(7), RECORD);
  return folder;
}

function writeArchive(): string {
  const records = (count: number) => Buffer.alloc(count * RECORD);
  const entries = [
    'data_batch_1',
    'data_batch_2',
    'data_batch_3',
    'data_batch_4',
    'data_batch_5',
    'test_batch',
  ];
  const tar = makeTar(
    entries.map((name, index) => ({
      path: `cifar-10-batches-bin/${name}.bin`,
      content: records(index === 0 ? 25_000 : 1),
    })),
  );
  const path = join(temporaryFolder(), 'cifar.tar');
  writeFileSync(path, tar);
  return path;
}

describe('images of the user that take long', () => {
  it.each([
    ['mnist', 'IDX files', writeIdx, '79 MB', 'many', '78 MB'],
    ['cifar10', 'a folder of records', writeCifar, '77 MB', 'many', '77 MB'],
    ['cifar10', 'an archive', writeArchive, '77 MB', 'many', '77 MB'],
  ] as const)(
    'show how far their reading and hashing is: %s, %s',
    async (name, _, write, read, moves, hashed) => {
      const path = write();
      const { stages, startStage } = recordStages();
      const { fingerprint } = await loadDataset(datasetSettings({ name, path }), startStage);
      expect(stages).toEqual([
        `reading ${path} (${read}): whole, ${moves}`,
        `hashing the images (${hashed}): whole, many`,
      ]);
      expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    },
  );

  it('say nothing where they are few', async () => {
    const { stages, startStage } = recordStages();
    await loadDataset(datasetSettings({ name: 'mnist', path: writeFolder(smallFiles()) }), startStage);
    expect(stages).toEqual([]);
  });

  it('have the fingerprint of their whole content, though it is hashed piece by piece', () => {
    const [trained, tested] = [new Uint8Array(2 ** 24 + 5), Uint8Array.of(1, 2, 3)];
    trained[trained.length - 1] = 9;
    const split = (images: Uint8Array) => ({
      count: images.length,
      images,
      labels: new Uint8Array(images.length),
    });
    const form = { imageShape: [1, 1, 1], classes: 10, train: trained.length, test: 3 } as const;
    const expected = createHash('sha256')
      .update(`${JSON.stringify(form)}\n`)
      .update(Buffer.concat([trained, new Uint8Array(trained.length), tested, new Uint8Array(3)]))
      .digest('hex');
    const dataset = {
      name: 'x',
      imageShape: form.imageShape,
      classes: 10,
      train: split(trained),
      test: split(tested),
    };
    expect(fingerprintOf(dataset)).toBe(expected);
  });
});
