/** @file Batches: order, scaling, coverage. */
import { describe, expect, it } from 'vitest';
import {
  countEvaluationBatches,
  countTrainingBatches,
  epochOrder,
  fillBatch,
  fillEvaluationBatch,
  gatherBatch,
} from '../../src/data/batches.ts';
import type { Split } from '../../src/data/types.ts';

/** Five images of 1 × 2 pixels; image i has pixels 51 i and 255 − 51 i, and label i. */
const SPLIT: Split = {
  count: 5,
  images: Uint8Array.from([0, 255, 51, 204, 102, 153, 153, 102, 204, 51]),
  labels: Uint8Array.from([0, 1, 2, 3, 4]),
};

const close = (values: Float32Array) => [...values].map((value) => Number(value.toFixed(6)));

describe('epochOrder', () => {
  it('takes every image once, in another order each epoch and seed', () => {
    const orders = [epochOrder(0, 0, 1000), epochOrder(0, 1, 1000), epochOrder(1, 0, 1000)];
    for (const order of orders) {
      expect([...order].sort((a, b) => a - b)).toEqual([...new Array(1000).keys()]);
    }
    expect(new Set(orders.map((order) => order.join())).size).toBe(3);
  });

  it('is the same whenever it is asked for', () => {
    expect(epochOrder(3, 17, 1000)).toEqual(epochOrder(3, 17, 1000));
  });

  it('leaves other images out of the last, partial batch in each epoch', () => {
    const leftOut = [0, 1, 2, 3].map((epoch) => epochOrder(0, epoch, 60_000).subarray(468 * 128));
    expect(countTrainingBatches(60_000, 128)).toBe(468);
    expect(new Set(leftOut.flatMap((rest) => [...rest])).size).toBeGreaterThan(3.9 * 96);
  });
});

describe('fillBatch', () => {
  it('writes the images that the indices name, scaled to [0, 1], and their labels', () => {
    const images = new Float32Array(4).fill(9);
    const labels = new Int32Array(2);
    fillBatch(SPLIT, Uint32Array.from([4, 0, 3, 1]), 1, images, labels);
    expect(close(images)).toEqual([0, 1, 0.6, 0.4]);
    expect([...labels]).toEqual([0, 3]);
  });

  it('scales every byte to the float nearest to a 255th of it', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const images = new Float32Array(256);
    const split = { count: 1, images: bytes, labels: Uint8Array.of(0) };
    fillBatch(split, Uint32Array.of(0), 0, images, new Int32Array(1));
    expect([...images]).toEqual([...bytes].map((byte) => Math.fround(byte / 255)));
  });

  it('gathers the bytes of a batch into a split of its own, which gives the same batch', () => {
    const [members, indices] = [Uint32Array.of(4, 2, 0), Uint32Array.of(1, 0, 2, 1)];
    const split = { ...SPLIT, count: 3, members };
    const bytes = new Uint8Array((2 * SPLIT.images.length) / SPLIT.labels.length);
    const gathered = { ...gatherBatch(split, indices, 1, bytes), images: bytes };
    const batchOf = (from: Split, order: Uint32Array, start: number) => {
      const [images, labels] = [new Float32Array(bytes.length), new Int32Array(2)];
      fillBatch(from, order, start, images, labels);
      return { images, labels };
    };
    expect(gathered.count).toBe(2);
    expect(batchOf(gathered, Uint32Array.of(0, 1), 0)).toEqual(batchOf(split, indices, 1));
    expect(() => gatherBatch(split, indices, 3, bytes)).toThrow(/no full batch begins at 3 of 4/);
    expect(() => gatherBatch(split, Uint32Array.of(0, 3), 0, bytes)).toThrow(/image 3 is not among the 3/);
  });

  it('refuses a batch beyond the indices, an image beyond the split, and an array of another size', () => {
    const labels = new Int32Array(2);
    const images = new Float32Array(4);
    expect(() => fillBatch(SPLIT, Uint32Array.of(1, 2, 3), 2, images, labels)).toThrow(
      /no full batch begins at 2 of 3/,
    );
    expect(() => fillBatch(SPLIT, Uint32Array.of(1, 5), 0, images, labels)).toThrow(
      /image 5 is not among the 5/,
    );
    expect(() => fillBatch(SPLIT, Uint32Array.of(1, 2), 0, new Float32Array(5), labels)).toThrow(
      /holds 5 .* expected 4/,
    );
  });
});

describe('fillEvaluationBatch', () => {
  it('covers every image once and marks the slots that have none', () => {
    const images = new Float32Array(4);
    const labels = new Int32Array(2);
    const valid = new Float32Array(2);
    const seen: number[] = [];
    expect(countEvaluationBatches(SPLIT.count, 2)).toBe(3);
    for (let batch = 0; batch < 3; batch++) {
      fillEvaluationBatch(SPLIT, 2 * batch, images, labels, valid);
      for (let slot = 0; slot < 2; slot++) if (valid[slot] === 1) seen.push(labels[slot] ?? -1);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect([...valid]).toEqual([1, 0]);
    expect(close(images)).toEqual([0.8, 0.2, 0, 0]);
    expect([...labels]).toEqual([4, 0]);
  });

  it('refuses marks for another number of slots', () => {
    const fill = () =>
      fillEvaluationBatch(SPLIT, 0, new Float32Array(4), new Int32Array(2), new Float32Array(3));
    expect(fill).toThrow(/valid holds 3 entries, expected 2/);
  });
});
