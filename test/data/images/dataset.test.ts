/** @file Folders of images: which files are of which class and split, and what is refused. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { blankDataset, formOf, identifyDataset, loadDataset, recallDataset } from '../../../src/data/load.ts';
import type { DatasetSettings } from '../../../src/data/registry.ts';
import { images } from '../../../src/data/sets/images.ts';
import type { Dataset, Split } from '../../../src/data/types.ts';
import { UserError } from '../../../src/errors.ts';
import type { StartStage } from '../../../src/progress.ts';
import { temporaryFolder } from '../../runs/temporary.ts';
import { batchOf } from './batch.ts';
import { greyPng, writePictures } from './files.ts';

beforeEach(() => {
  vi.stubEnv('TD_CACHE', temporaryFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
});

type Own = Partial<Extract<DatasetSettings, { name: 'images' }>>;
const settingsOf = (path: string, own: Own = {}): DatasetSettings =>
  images.settings.parse({ name: 'images', path, size: [1, 1], channels: 1, ...own });
const load = (path: string, own?: Own) => loadDataset(settingsOf(path, own));

/** Label and grey of each image, sorted. */
const pairsOf = ({ labels, images }: Split) =>
  [...labels].map((label, index) => `${label}: ${images[index]}`).sort();

const TWO_CLASSES = {
  'train/cat/a.png': 10,
  'train/cat/b.png': 20,
  'train/dog/a.png': 30,
  'test/cat/x.png': 40,
  'test/dog/y.png': 50,
};

describe('a folder with train and test', () => {
  it('has the label of its class for each image, classes in the order of their names', async () => {
    const dataset = await load(writePictures(TWO_CLASSES));
    expect(dataset).toMatchObject({ imageShape: [1, 1, 1], classes: 2, classNames: ['cat', 'dog'] });
    expect(pairsOf(dataset.train)).toEqual(['0: 10', '0: 20', '1: 30']);
    expect(pairsOf(dataset.test)).toEqual(['0: 40', '1: 50']);
  });

  it('may call its test images val, have folders in its classes, and what systems leave behind', async () => {
    const { 'test/cat/x.png': _, 'test/dog/y.png': __, ...train } = TWO_CLASSES;
    const path = writePictures({ ...train, 'val/cat/x.png': 40, 'val/dog/deep/er/y.png': 50 });
    writeFileSync(join(path, 'train/cat/.DS_Store'), 'x');
    writeFileSync(join(path, 'train/dog/Thumbs.db'), 'x');
    writeFileSync(join(path, 'README.md'), 'x');
    expect(pairsOf((await load(path)).test)).toEqual(['0: 40', '1: 50']);
    const link = join(temporaryFolder(), 'link');
    symlinkSync(path, link);
    expect((await load(link)).fingerprint).toBe((await load(path)).fingerprint);
  });

  it('mixes its classes, in an order that only names decide, so that the first images are of all of them', async () => {
    const values: Record<string, number> = { 'test/a/x.png': 0, 'test/b/x.png': 1 };
    for (let index = 0; index < 40; index++) {
      values[`train/a/${index}.png`] = index;
      values[`train/b/${index}.png`] = 100 + index;
    }
    const first = await load(writePictures(values), { trainImages: 20 });
    const ones = [...first.train.labels].filter((label) => label === 1).length;
    expect(ones).toBeGreaterThan(4);
    expect(ones).toBeLessThan(16);
    const reversed = Object.fromEntries(Object.entries(values).reverse());
    expect([...(await load(writePictures(reversed), { trainImages: 20 })).train.images]).toEqual([
      ...first.train.images,
    ]);
  });

  it('may have more classes than a byte has values', async () => {
    const values: Record<string, number> = {};
    for (let index = 0; index < 300; index++) {
      values[`train/class-${index}/x.png`] = index % 256;
      values[`test/class-${index}/x.png`] = index % 256;
    }
    const { classes, test, classNames } = await load(writePictures(values));
    expect(classes).toBe(300);
    expect(Math.max(...test.labels)).toBe(299);
    const numbers = [...test.labels].map(
      (label) => Number(classNames?.[label]?.slice('class-'.length)) % 256,
    );
    expect(numbers).toEqual([...test.images]);
    // As a training is fed them.
    expect(batchOf(test).labels).toEqual([...test.labels]);
  });

  it.each<[string, Readonly<Record<string, number>>, RegExp]>([
    [
      'no folder train',
      { 'test/cat/x.png': 1 },
      /^dataset.path: ".*" has no folder "train", expected train\/<class>\/…/,
    ],
    ['no folder test', { 'train/cat/x.png': 1 }, /^dataset.path: ".*" has no folder "test", expected train/],
    [
      'a class for training only',
      { ...TWO_CLASSES, 'train/fox/a.png': 1 },
      /".*test" has no class "fox", which ".*train" has$/,
    ],
    [
      'a class for testing only',
      { ...TWO_CLASSES, 'test/fox/a.png': 1 },
      /".*train" has no class "fox", which ".*test" has$/,
    ],
    [
      'an image without a class',
      { ...TWO_CLASSES, 'train/a.png': 1 },
      /train\/a.png lies in no folder of a class; move it into one$/,
    ],
    [
      'one class',
      { 'train/cat/a.png': 1, 'test/cat/a.png': 1 },
      /train" has 1 folders of classes, expected 2 to 65536$/,
    ],
  ])('is refused with %s', async (_, values, message) => {
    const loading = load(writePictures(values));
    await expect(loading).rejects.toThrow(UserError);
    await expect(loading).rejects.toThrow(message);
  });

  it('is refused with an empty class, or if it is no folder', async () => {
    const path = writePictures(TWO_CLASSES);
    mkdirSync(join(path, 'train/ant'));
    await expect(load(path)).rejects.toThrow(
      /^dataset.path: ".*train\/ant" has no images, expected at least one$/,
    );
    await expect(load(join(path, 'train/cat/a.png'))).rejects.toThrow(
      /a.png" is not a folder, expected one with images$/,
    );
  });

  it.each<[string, Buffer, RegExp]>([
    ['text', Buffer.from('hello'), /train\/cat\/c.png is no PNG or JPEG image$/],
    ['empty', Buffer.alloc(0), /c.png is no PNG or JPEG image: it is empty, /],
    ['a web page', Buffer.from('<!doctype html>'), /c.png is no PNG or JPEG image: it is a web page, /],
    [
      'a WebP picture',
      Buffer.from('RIFF1234WEBPVP8 '),
      /: it is a WebP picture, a format that td does not read$/,
    ],
    ['a GIF picture', Buffer.from('GIF89a'), /: it is a GIF picture, a format that td does not read$/],
    ['cut short', greyPng(1).subarray(0, 50), /c.png cannot be decoded as PNG: it ends within a chunk$/],
  ])('is refused with a file that is %s, which is named', async (_, content, message) => {
    const path = writePictures(TWO_CLASSES);
    writeFileSync(join(path, 'train/cat/c.png'), content);
    const loading = load(path);
    await expect(loading).rejects.toThrow(UserError);
    await expect(loading).rejects.toThrow(message);
  });
});

describe('a folder of classes with a share for testing', () => {
  const values: Record<string, number> = {};
  for (let index = 0; index < 10; index++) values[`a/${index}.png`] = index;
  for (let index = 0; index < 4; index++) values[`b/${index}.png`] = 100 + index;
  const all = ({ train, test }: Dataset) => [...pairsOf(train), ...pairsOf(test)].sort();

  it('is split within each class, every image on one side, by names alone', async () => {
    const dataset = await load(writePictures(values), { testShare: 0.3 });
    expect([...dataset.test.labels].sort()).toEqual([0, 0, 0, 1]);
    expect(all(dataset)).toEqual(
      Object.entries(values)
        .map(([name, value]) => `${name.startsWith('a') ? 0 : 1}: ${value}`)
        .sort(),
    );
    // Other images in the other class change nothing.
    const { 'b/0.png': _, ...fewer } = values;
    const other = await load(writePictures(fewer), { testShare: 0.3 });
    const ofFirst = ({ test }: Dataset) => pairsOf(test).filter((pair) => pair.startsWith('0'));
    expect(ofFirst(other)).toEqual(ofFirst(dataset));
  });

  it('has at least one image of each class on either side', async () => {
    const path = writePictures({ 'a/0.png': 1, 'a/1.png': 2, 'b/0.png': 3, 'b/1.png': 4 });
    for (const testShare of [0.01, 0.99])
      expect([...(await load(path, { testShare })).test.labels].sort()).toEqual([0, 1]);
    await expect(load(writePictures({ 'a/0.png': 1, 'b/0.png': 3 }), { testShare: 0.5 })).rejects.toThrow(
      /a" has one image, expected at least one to train and one to test$/,
    );
  });

  it('is refused if it has been split before', async () => {
    await expect(load(writePictures(TWO_CLASSES), { testShare: 0.5 })).rejects.toThrow(
      /has the folders "train" and "test", expected folders of classes where dataset.testShare is set; leave it out$/,
    );
  });
});

describe('the settings of images', () => {
  it('decide on size and channels, of which the fingerprint is another', async () => {
    const path = writePictures(TWO_CLASSES);
    const large = await load(path, { size: [3, 2], channels: 3 });
    expect(large.imageShape).toEqual([3, 2, 3]);
    expect(large.train.images).toHaveLength(3 * 18);
    expect(large.fingerprint).not.toBe((await load(path)).fingerprint);
  });

  it('are part of what is remembered of a path', async () => {
    const path = writePictures(TWO_CLASSES);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    const { fingerprint } = await identifyDataset(settingsOf(path));
    expect(recallDataset(settingsOf(path))).toMatchObject({ fingerprint });
    expect(recallDataset(settingsOf(path, { size: [2, 2] }))).toBeUndefined();
  });

  it('say the form of the images before one is read', () => {
    const path = writePictures(TWO_CLASSES);
    writeFileSync(join(path, 'train/cat/broken.png'), 'x');
    const form = { imageShape: [4, 5, 3], classes: 2, trainImages: 4, testImages: 2 };
    expect(formOf(settingsOf(path, { size: [4, 5], channels: 3 }))).toEqual(form);
    expect(blankDataset(settingsOf(path)).train.count).toBe(4);
  });

  it('are told with progress and the names of classes', async () => {
    const shown: unknown[] = [];
    const path = writePictures(TWO_CLASSES);
    const begin: StartStage = (label, total) => {
      shown.push(label, total);
      return { update() {}, stop: () => shown.push('stopped') };
    };
    await loadDataset(settingsOf(path), begin);
    expect(shown).toEqual([`decoding 5 images of ${path}, 2 classes (cat, dog)`, 5, 'stopped']);
  });
});
