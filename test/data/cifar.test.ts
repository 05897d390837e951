/** @file CIFAR by dataset.path and verification on small sets, and the facts of the real CIFAR-10 where it is cached. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cifar10, recordsDataset } from '../../src/data/cifar.ts';
import { readManifest } from '../../src/data/manifest.ts';
import { loadDataset } from '../../src/data/registry.ts';
import type { Dataset, Split, StartStage } from '../../src/data/types.ts';
import { UserError } from '../../src/errors.ts';
import { makeRecords, type SmallSet, smallCifar10, smallCifar100, writeFiles } from './cifar-files.ts';
import { datasetSettings } from './settings.ts';

const SILENT: StartStage = () => ({ update() {}, stop() {} });
const load = ({ store }: SmallSet, path: string) => recordsDataset(() => store).load(path, SILENT);

describe('dataset.path', () => {
  it.each([
    ['CIFAR-10', smallCifar10, [6, 9, 0, 3]],
    ['CIFAR-100', smallCifar100, [99, 0, 42, 11]],
  ])(
    'reads an archive in the format of %s, and the folder that it unpacks to, alike',
    async (_, make, labels) => {
      const set = make();
      const packed = await load(set, join(writeFiles({ 'set.tar.gz': set.archive }), 'set.tar.gz'));
      const folder = await load(set, writeFiles(set.files));
      expect([...packed.train.labels]).toEqual(labels);
      expect(packed).toMatchObject({ imageShape: [32, 32, 3], train: { count: 4 }, test: { count: 2 } });
      expect(folder).toEqual(packed);
    },
  );

  it('may hold other records than the published ones, if they are whole and of known classes', async () => {
    const set = smallCifar10();
    const { test } = await load(set, writeFiles({ ...set.files, 'test.bin': makeRecords([[2], [4], [6]]) }));
    expect([...test.labels]).toEqual([2, 4, 6]);
    for (const [records, message] of [
      [
        makeRecords([[1], [10]]),
        /^dataset.path: the test part of .* has label 10 in record 1, expected 0 to 9$/,
      ],
      [
        makeRecords([[1]]).subarray(1),
        /^dataset.path: test.bin of .* holds 3072 bytes, expected whole records/,
      ],
    ] as const) {
      const loading = load(set, writeFiles({ ...set.files, 'test.bin': records }));
      await expect(loading).rejects.toThrow(UserError);
      await expect(loading).rejects.toThrow(message);
    }
  });

  it('is refused in one sentence if there is nothing, or something else', async () => {
    const set = smallCifar10();
    const folder = writeFiles({ text: Buffer.from('hello') });
    for (const [path, message] of [
      [
        join(folder, 'no'),
        /^dataset.path: there is nothing at ".*no", expected set.tar.gz or its folder set-bin$/,
      ],
      [folder, /^dataset.path: ".*" has no batch_1.bin, expected batch_1.bin, batch_2.bin, test.bin$/],
      [join(folder, 'text'), /^dataset.path: .*text cannot be read as a tar archive: /],
    ] as const) {
      await expect(load(set, path)).rejects.toThrow(message);
    }
  });

  it('is read without looking at the cache, or at any server', async () => {
    const { files } = readManifest('cifar10').sources.official.train.reduce(
      ({ files }, { name }, index) => ({ files: { ...files, [name]: makeRecords([[index]]) } }),
      { files: { 'test_batch.bin': makeRecords([[9], [8], [7]]) } as Record<string, Buffer> },
    );
    const path = writeFiles(files);
    const settings = {
      name: 'cifar10',
      path,
      normalization: 'standardize',
      augmentation: 'crop-flip',
    } as const;
    const dataset = await loadDataset(datasetSettings({ ...settings, testImages: 2 }));
    expect([...dataset.train.labels]).toEqual([0, 1, 2, 3, 4]);
    expect(dataset.train).toMatchObject({
      normalization: 'standardize',
      augmentation: { name: 'crop-flip', imageShape: [32, 32, 3] },
    });
    expect(dataset.test).toMatchObject({ count: 2, normalization: 'standardize' });
    expect(dataset.test.augmentation).toBeUndefined();
  });
});

describe('verification of an archive or folder', () => {
  it('tells a good archive, a flipped byte, a truncated archive, a wrong one and a missing one', () => {
    const set = smallCifar10();
    const flipped = Buffer.from(set.archive);
    flipped[300] = (flipped[300] ?? 0) ^ 1;
    const folder = writeFiles({
      good: set.archive,
      flipped,
      truncated: set.archive.subarray(0, 700),
      wrong: smallCifar100().archive,
    });
    const verify = (name: string) => recordsDataset(() => set.store).verify(join(folder, name))[0];
    expect(verify('good')?.state).toBe('ok');
    expect(verify('flipped')).toMatchObject({ state: 'damaged', check: 'sha256' });
    expect(verify('truncated')).toMatchObject({ state: 'damaged', check: 'size', found: '700' });
    expect(verify('wrong')?.state).toBe('damaged');
    expect(verify('none')?.state).toBe('missing');
  });

  it('tells which files of a folder are damaged', () => {
    const set = smallCifar10();
    const { 'test.bin': _, ...files } = set.files;
    const folder = writeFiles({ ...files, 'batch_2.bin': makeRecords([[0], [3]]) });
    const reports = recordsDataset(() => set.store).verify(folder);
    expect(reports.map(({ state }) => state)).toEqual(['ok', 'damaged', 'missing']);
  });
});

describe('the manifests', () => {
  it('pin the archives under the MD5 sums that the home page states', () => {
    expect(readManifest('cifar10').sources.official.archive.md5).toBe('c32a1d4ab5d03f1284b67883e8d87530');
    expect(readManifest('cifar100').sources.official.archive.md5).toBe('03b5dce01913d631647c71ecec9e9cb8');
  });

  it.each(['cifar10', 'cifar100'] as const)('of %s have as many bytes as images of 32 × 32', (name) => {
    const { files, record, trainImages, testImages, sources } = readManifest(name);
    const size = record.labelBytes + 3072;
    expect([files.train.bytes, files.test.bytes]).toEqual([trainImages * size, testImages * size]);
    const sum = sources.official.train.reduce((total, { bytes }) => total + bytes, 0);
    expect(sum).toBe(files.train.bytes);
  });
});

const { folder = '', isPresent } = cifar10.describe();

describe.skipIf(!isPresent)('the real CIFAR-10 (skipped unless "td data fetch cifar10" was run)', () => {
  let dataset: Dataset;
  let seconds: number;
  beforeAll(async () => {
    await loadDataset(datasetSettings({ name: 'cifar10' }));
    const before = process.cpuUsage();
    dataset = await loadDataset(datasetSettings({ name: 'cifar10' }));
    const { user, system } = process.cpuUsage(before);
    seconds = (user + system) / 1e6;
  });

  const countClasses = ({ labels }: Split) => {
    const counts = new Array<number>(10).fill(0);
    for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  };

  /** Of each channel, 0 to 1. */
  const meansOf = (images: Uint8Array) => {
    const sums = [0, 0, 0];
    for (let index = 0; index < images.length; index++) {
      sums[index % 3] = (sums[index % 3] ?? 0) + (images[index] ?? 0);
    }
    return sums.map((sum) => Number(((3 * sum) / images.length / 255).toFixed(4)));
  };

  it('has 5,000 training and 1,000 test images of each class', () => {
    expect(countClasses(dataset.train)).toEqual(new Array(10).fill(5000));
    expect(countClasses(dataset.test)).toEqual(new Array(10).fill(1000));
  });

  it('begins with the labels that everyone knows', () => {
    expect([...dataset.train.labels.subarray(0, 10)]).toEqual([6, 9, 9, 4, 1, 1, 2, 7, 8, 3]);
    expect([...dataset.test.labels.subarray(0, 10)]).toEqual([3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
  });

  it('has the published mean colours, of the first batch and of all training images', () => {
    expect(meansOf(dataset.train.images.subarray(0, 10_000 * 3072))).toEqual([0.4935, 0.4834, 0.4472]);
    expect(meansOf(dataset.train.images)).toEqual([0.4914, 0.4822, 0.4465]);
  });

  it('begins with a frog on brown ground, as pixels of red, green and blue', () => {
    expect([...dataset.train.images.subarray(0, 6)]).toEqual([59, 62, 63, 43, 46, 45]);
  });

  it('consists of the official files, by the hashes that others have published', () => {
    const { train } = readManifest('cifar10').sources.official;
    const bytes = readFileSync(join(folder, 'train.bin'));
    let start = 0;
    for (const file of train) {
      expect(hash('sha256', bytes.subarray(start, start + file.bytes))).toBe(file.sha256);
      start += file.bytes;
    }
    expect(start).toBe(bytes.length);
  });

  it('is loaded in half a second or so of processor time', () => {
    // Cores that others use as well take several times as long.
    expect(seconds).toBeLessThan(4);
  });
});
