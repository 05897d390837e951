/** @file The validation split: drawn by the seed, apart from what is trained on, and shown as test images are. */
import { describe, expect, it } from 'vitest';
import { epochOrder, fillBatch, fillEvaluationBatch } from '../../src/data/batches.ts';
import { loadDataset } from '../../src/data/load.ts';
import type { Dataset } from '../../src/data/types.ts';
import { countValidationImages, holdOut } from '../../src/data/validation.ts';
import { datasetSettings } from './settings.ts';

/** Twenty images of one pixel; image i is the byte i, and has label i. */
const bytes = Uint8Array.from({ length: 20 }, (_, index) => index);
const TRAIN = { count: 20, images: bytes, labels: bytes, normalization: 'scale' } as const;
const DATASET: Dataset = {
  name: 'made up',
  imageShape: [1, 1, 1],
  classes: 20,
  train: TRAIN,
  test: { count: 1, images: bytes.subarray(0, 1), labels: bytes.subarray(0, 1) },
};

const membersOf = (validation: number, seed: number) => {
  const { train, validation: held } = holdOut(DATASET, validation, seed);
  return { train: [...(train.members ?? [])], held: [...(held?.members ?? [])] };
};

describe('a validation split', () => {
  it('takes each training image either to train on or to hold out, both in the order of the data set', () => {
    const { train, held } = membersOf(6, 3);
    expect(held).toHaveLength(6);
    expect([...train, ...held].toSorted((a, b) => a - b)).toEqual([...bytes]);
    expect(train).toEqual(train.toSorted((a, b) => a - b));
    expect(held).toEqual(held.toSorted((a, b) => a - b));
  });

  it('is the same whenever and wherever it is drawn, and another for each seed', () => {
    expect(membersOf(5, 0).held).toMatchInlineSnapshot(`
      [
        2,
        4,
        8,
        13,
        19,
      ]
    `);
    expect(membersOf(5, 1).held).toMatchInlineSnapshot(`
      [
        1,
        3,
        9,
        13,
        14,
      ]
    `);
    expect(membersOf(0.25, 1)).toEqual(membersOf(5, 1));
  });

  it('holds out each image about equally often, over 4,000 seeds', () => {
    const times = new Array<number>(20).fill(0);
    for (let seed = 0; seed < 4000; seed++)
      for (const index of membersOf(5, seed).held) times[index] = (times[index] ?? 0) + 1;
    // A binomial count of 4,000 draws at 1/4 has a standard deviation of 27.4.
    for (const count of times) expect(Math.abs(count - 1000)).toBeLessThan(4.5 * 27.4);
  });

  it('comes to batches as its own images: no epoch shows one of the others', () => {
    const { train, validation } = holdOut({ ...DATASET, train: TRAIN }, 8, 2);
    const held = new Set(membersOf(8, 2).held);
    const [images, labels, valid] = [new Float32Array(12), new Int32Array(12), new Float32Array(12)];
    fillBatch(train, epochOrder(2, 0, train.count), 0, images, labels);
    expect([...labels].toSorted((a, b) => a - b)).toEqual([...bytes].filter((byte) => !held.has(byte)));
    expect([...images]).toEqual([...labels].map((label) => Math.fround(label / 255)));
    if (validation === undefined) throw new Error('nothing is held out');
    fillEvaluationBatch(validation, 0, images, labels, valid);
    expect([...labels.subarray(0, 8)]).toEqual([...held]);
    expect([...valid]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
  });

  it('is taken of the first images that trainImages leaves, and never augmented', async () => {
    const settings = datasetSettings({
      name: 'mnist',
      trainImages: 50,
      testImages: 5,
      augmentation: 'crop-flip',
    });
    const { train, validation } = holdOut(await loadDataset(settings), 0.2, 0);
    expect([train.count, validation?.count]).toEqual([40, 10]);
    expect(Math.max(...(train.members ?? []), ...(validation?.members ?? []))).toBe(49);
    expect(train.augmentation).toBeDefined();
    expect(validation?.augmentation).toBeUndefined();
  });

  it.each([
    [20, 'dataset.validation is 20, expected at least 1 and fewer than the 20 training images'],
    [0.001, 'dataset.validation is 0.001, which is 0 of them, expected at least 1 and fewer'],
    [0.999, 'dataset.validation is 0.999, which is 20 of them, expected at least 1 and fewer'],
  ])('of %d of 20 images is refused', (validation, message) => {
    expect(() => countValidationImages(validation, 20)).toThrow(message);
  });
});
