/** @file The real MNIST, and folders in its format. */
import { mkdirSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset, Split } from '../../../src/data/types.ts';
import { UserError } from '../../../src/errors.ts';
import { writeFiles } from '../cifar-files.ts';
import { loadMnist } from '../definitions.ts';
import { countUp, encodeIdx, pack, smallFiles, writeFolder } from '../idx-files.ts';

describe('the built-in MNIST', () => {
  let mnist: Dataset;
  beforeAll(async () => {
    mnist = await loadMnist();
  });

  const countClasses = ({ labels }: Split) => {
    const counts = new Array<number>(10).fill(0);
    for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  };

  it('has 60,000 training and 10,000 test images of 28 × 28', () => {
    expect(mnist).toMatchObject({ name: 'mnist', imageShape: [28, 28, 1], classes: 10 });
    expect([mnist.train.count, mnist.test.count]).toEqual([60_000, 10_000]);
    expect([mnist.train.images.length, mnist.test.images.length]).toEqual([60_000 * 784, 10_000 * 784]);
  });

  it('has the published number of images of each digit', () => {
    expect(countClasses(mnist.train)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(countClasses(mnist.test)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  it('begins with the labels that everyone knows', () => {
    expect([...mnist.train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...mnist.test.labels.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  });

  it('has the published mean and standard deviation of pixels', () => {
    let sum = 0;
    let squares = 0;
    for (const byte of mnist.train.images) {
      sum += byte / 255;
      squares += (byte / 255) ** 2;
    }
    const mean = sum / mnist.train.images.length;
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / mnist.train.images.length - mean ** 2)).toBeCloseTo(0.3081, 4);
  });
});

describe('a folder in the format of MNIST', () => {
  it('is read whatever its images are, as long as its files fit together', async () => {
    const dataset = await loadMnist(writeFolder(smallFiles()));
    expect(dataset.imageShape).toEqual([2, 3, 1]);
    expect(dataset.train).toMatchObject({ count: 3 });
    expect([...dataset.train.images]).toEqual(countUp(18));
    expect([...dataset.train.labels]).toEqual([9, 0, 4]);
    expect([...dataset.test.labels]).toEqual([1, 7]);
  });

  it.each([
    ['packed', (name: string) => `${name}.gz`],
    ['packed, with a dot before idx', (name: string) => `${name.replace('-idx', '.idx')}.gz`],
    ['packed under a plain name', (name: string) => name],
  ])('is read the same when %s', async (_, rename) => {
    const plain = await loadMnist(writeFolder(smallFiles()));
    expect(await loadMnist(writeFolder(pack(smallFiles(), rename)))).toEqual(plain);
  });

  it.each<[string, Record<string, Buffer>, RegExp]>([
    [
      'labels for other images',
      { 'train-labels-idx1-ubyte': encodeIdx([2], [1, 2]) },
      /has 2 labels, expected 3, .*train-images/,
    ],
    [
      'test images of another shape',
      { 't10k-images-idx3-ubyte': encodeIdx([2, 3, 2], countUp(12)) },
      /t10k-images.* 3 × 2, expected 2 × 3/,
    ],
    [
      'a truncated file',
      { 'train-images-idx3-ubyte': encodeIdx([3, 2, 3], countUp(17)) },
      /train-images-idx3-ubyte holds 33 bytes, expected 34/,
    ],
  ])('is refused with %s', async (_, changed, message) => {
    const loading = loadMnist(writeFolder({ ...smallFiles(), ...changed }));
    await expect(loading).rejects.toThrow(UserError);
    await expect(loading).rejects.toThrow(message);
  });

  it('is refused if a file is missing, with the names that would do', async () => {
    const { 't10k-labels-idx1-ubyte': _, ...rest } = smallFiles();
    await expect(loadMnist(writeFolder(rest))).rejects.toThrow(
      /^dataset.path: ".*" has no t10k-labels-idx1-ubyte, expected it \(or t10k-labels.idx1-ubyte\), plain or with .gz$/,
    );
  });

  it('is refused if it is not there, or not a folder', async () => {
    const folder = writeFolder({ file: Buffer.from('x') });
    await expect(loadMnist(`${folder}/file`)).rejects.toThrow(/^dataset.path: ".*file" is not a folder/);
    await writeFile(`${folder}/mnist.npz`, Buffer.from('PK\x03\x04'));
    await expect(loadMnist(`${folder}/mnist.npz`)).rejects.toThrow(
      /mnist.npz" is not a folder, .*: it is packed with zip/,
    );
    rmSync(folder, { recursive: true });
    await expect(loadMnist(folder)).rejects.toThrow(UserError);
  });

  it('is refused if one of the names is that of a folder', async () => {
    const { 'train-images-idx3-ubyte': _, ...rest } = smallFiles();
    const folder = writeFolder(rest);
    mkdirSync(`${folder}/train-images-idx3-ubyte`);
    await expect(loadMnist(folder)).rejects.toThrow(/ has no train-images-idx3-ubyte, /);
  });

  it('has ten classes, or as many as its labels ask for, those of the test images too', async () => {
    const classesOf = async (train: number[], test: number[]) =>
      (
        await loadMnist(
          writeFolder({
            ...smallFiles(),
            'train-labels-idx1-ubyte': encodeIdx([3], train),
            't10k-labels-idx1-ubyte': encodeIdx([2], test),
          }),
        )
      ).classes;
    expect(await classesOf([0, 3, 1], [2, 2])).toBe(10);
    expect(await classesOf([1, 26, 3], [4, 5])).toBe(27);
    expect(await classesOf([1, 2, 3], [4, 61])).toBe(62);
    expect(await classesOf([0, 0, 0], [0, 10])).toBe(11);
  });
});

describe('files as their sources name them', () => {
  /** The small files, renamed and moved. */
  const named = (rename: (name: string) => string) =>
    Object.fromEntries(Object.entries(smallFiles()).map(([name, bytes]) => [rename(name), bytes]));
  const emnist = (set: string) => (name: string) => `emnist-${set}-${name.replace('t10k', 'test')}`;

  it.each<[string, (name: string) => string, string]>([
    ['in folders of their own names', (name) => `${name}/${name.replace('-idx', '.idx')}`, ''],
    ['in the folder raw', (name) => `raw/${name}`, ''],
    ['with a prefix', emnist('letters'), ''],
    ['with a prefix that the path ends with', emnist('letters'), 'emnist-letters'],
    ['with test in place of t10k', (name) => name.replace('t10k', 'test'), ''],
  ])('are found %s', async (_, rename, end) => {
    const found = await loadMnist(join(writeFiles(named(rename)), end));
    expect(found).toEqual(await loadMnist(writeFolder(smallFiles())));
  });

  it('are those of the prefix that the path ends with, where there are several', async () => {
    const labels = { 'emnist-letters-test-labels-idx1-ubyte': encodeIdx([2], [25, 26]) };
    const folder = writeFiles({ ...named(emnist('digits')), ...named(emnist('letters')), ...labels });
    await expect(loadMnist(folder)).rejects.toThrow(
      `dataset.path: "${folder}" holds several data sets (emnist-digits, emnist-letters), expected one; name one by what its files begin with: "${folder}/emnist-digits"`,
    );
    expect((await loadMnist(`${folder}/emnist-letters`)).classes).toBe(27);
    expect((await loadMnist(`${folder}/emnist-digits`)).classes).toBe(10);
    await expect(loadMnist(`${folder}/emnist-latters`)).rejects.toThrow('is not a folder, expected one');
    await rm(join(folder, 'emnist-letters-train-images-idx3-ubyte'));
    await expect(loadMnist(`${folder}/emnist-letters`)).rejects.toThrow(
      `"${folder}" has no emnist-letters-train-images-idx3-ubyte, expected it`,
    );
  });

  it('are taken plain rather than packed, and said what they are if packed otherwise', async () => {
    const { 'train-images-idx3-ubyte': images = Buffer.alloc(0), ...rest } = smallFiles();
    const xz = Buffer.from('\xfd7zXZ\0', 'latin1');
    const both = { ...smallFiles(), 'train-images-idx3-ubyte.gz': xz, 'train-images-idx3-ubyte.md5': xz };
    expect((await loadMnist(writeFolder(both))).train.images).toHaveLength(images.length - 16);
    await expect(loadMnist(writeFolder({ ...rest, 'train-images-idx3-ubyte.xz': xz }))).rejects.toThrow(
      /train-images-idx3-ubyte.xz is not an IDX file .*: it is packed with xz; unpack it first \(unxz\)$/,
    );
  });
});
