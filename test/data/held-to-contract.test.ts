/** @file What the data set of a plugin returns is looked at once: nothing is trained on labels or floats that are no such thing. */
import { expect, it } from 'vitest';
import { datasetHeldToContract } from '../../src/data/held-to-contract.ts';
import type { Dataset, Split } from '../../src/data/types.ts';

const split = (count: number, change: object = {}): Split => ({
  count,
  images: new Uint8Array(count * 6),
  labels: Uint8Array.from({ length: count }, (_, index) => index % 2),
  ...change,
});
const SOUND: Dataset = { name: 'mine', imageShape: [2, 3, 1], classes: 2, train: split(4), test: split(3) };
const FACTS = { imageShape: [2, 3, 1], classes: 2, trainImages: 4 } as const;
const hold = (dataset: unknown) =>
  datasetHeldToContract(dataset as Dataset, FACTS, 'plugin d.ts, data set "mine"');

it('a sound one is taken as it is', () => {
  expect(hold(SOUND)).toBe(SOUND);
  const many = { ...SOUND, classes: 300, train: split(4, { labels: Uint16Array.of(0, 299, 1, 2) }) };
  expect(datasetHeldToContract(many, {}, '')).toBe(many);
});

it.each<[string, unknown, string]>([
  ['nothing', undefined, 'no data set, expected an object'],
  ['a shape of two sizes', { ...SOUND, imageShape: [2, 3] }, 'the imageShape [2,3], expected [height, width, channels]'],
  ['one class', { ...SOUND, classes: 1 }, 'the classes 1, expected a number of at least 2'],
  ['a name too few', { ...SOUND, classNames: ['a'] }, '1 classNames, expected one for each of the 2 classes'],
  ['names that are no texts', { ...SOUND, classNames: [0, 1] }, 'classNames that are no list of texts, expected one for each class'],
  ['more classes than labels can name', { ...SOUND, classes: 70000 }, '70000 classes, expected at most 65536'],
  ['a validation split of its own', { ...SOUND, validation: split(2) }, 'a validation split, expected none: dataset.validation of an experiment asks for it'],
  ['images that are chosen already', { ...SOUND, train: split(4, { members: Uint32Array.of(0, 9) }) }, 'members in train, expected none: dataset.validation of an experiment asks for it'],
  ['a normalization, which the settings would overwrite', { ...SOUND, test: split(3, { normalization: 'standardize' }) }, 'normalization in test, expected none: dataset.normalization of an experiment asks for it'],
  ['an augmentation, which no setting could switch off', { ...SOUND, train: split(4, { augmentation: { name: 'crop-flip', imageShape: [2, 3, 1] } }) }, 'augmentation in train, expected none: dataset.augmentation of an experiment asks for it'],
  ['no test images', { ...SOUND, test: undefined }, 'no test, expected { count, images, labels }'],
  ['an empty split', { ...SOUND, test: split(0) }, 'the number of images 0 in test, expected 1 or more'],
  ['floats', { ...SOUND, train: split(4, { images: new Float32Array(24) }) }, 'images of train that are no Uint8Array, expected bytes from 0 to 255'],
  ['labels in a list', { ...SOUND, train: split(4, { labels: [0, 1, 0, 1] }) }, 'labels of train that are no Uint8Array'],
  ['a smaller number than there are', { ...SOUND, train: split(4, { count: 2 }) }, '24 bytes as images of train, expected 2 of [2, 3, 1], 12 bytes'],
  ['a row too few', { ...SOUND, test: split(3, { images: new Uint8Array(15) }) }, '15 bytes as images of test, expected 3 of [2, 3, 1], 18 bytes'],
  ['a label too few', { ...SOUND, test: split(3, { labels: new Uint8Array(2) }) }, '2 labels of test, expected one for each of its 3 images'],
  ['a label of no class', { ...SOUND, test: split(3, { labels: Uint8Array.of(0, 9, 1) }) }, 'the label 9 in test, expected labels from 0 to 1'],
  ['others than described', { ...SOUND, train: split(5) }, 'trainImages 5, expected 4, as describe says'],
])('is refused: %s', (_, dataset, said) => {
  expect(() => hold(dataset)).toThrow(`plugin d.ts, data set "mine": load returned ${said}`);
}); // biome-ignore format: a table
