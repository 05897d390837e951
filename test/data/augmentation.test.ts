/** @file Crops, flips and standardisation, against plain loops and by statistics. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cropAndFlip } from '../../src/data/augmentation.ts';
import { countDraws, epochOrder, fillBatch, fillEvaluationBatch } from '../../src/data/batches.ts';
import { createNormalizer } from '../../src/data/normalization.ts';
import type { ImageShape, Split } from '../../src/data/types.ts';
import { fillUniform } from '../../src/random/streams.ts';
import { chiSquareDeviation, mean } from '../random/statistics.ts';

/** The same in three plain steps: pad, cut out, turn round. */
function cropPlainly(
  image: ArrayLike<number>,
  [height, width, channels]: ImageShape,
  [row, column, isFlipped]: readonly [number, number, boolean],
): number[] {
  const padded = Array.from({ length: height + 8 }, (_, y) =>
    Array.from({ length: width + 8 }, (_, x) =>
      Array.from({ length: channels }, (_, channel) => {
        const isInside = y >= 4 && y < height + 4 && x >= 4 && x < width + 4;
        return isInside ? (image[((y - 4) * width + x - 4) * channels + channel] ?? Number.NaN) : 0;
      }),
    ),
  );
  const cropped = padded.slice(row, row + height).map((line) => line.slice(column, column + width));
  return cropped.flatMap((line) => (isFlipped ? line.toReversed() : line)).flat();
}

/** In two passes, without any sum of squares. */
function standardizePlainly(image: readonly number[]): number[] {
  const centre = mean(image);
  const deviation = Math.sqrt(mean(image.map((value) => (value - centre) ** 2)));
  return image.map((value) => (value - centre) / Math.max(deviation, 1 / Math.sqrt(image.length)));
}

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 67 + 13) % 256);
/** A draw that falls on one of nine places. */
const drawOf = (place: number) => (place + 0.5) / 9;

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  return Math.max(...Array.from(found, (value, index) => Math.abs(value - (expected[index] ?? Number.NaN))));
}

describe('cropAndFlip', () => {
  it.each<ImageShape>([
    [6, 7, 3],
    [9, 5, 1],
    [2, 3, 2],
    [1, 1, 1],
  ])('of %i × %i × %i equals pad, crop and flip by plain loops at all 9 × 9 places', (...shape) => {
    const size = shape[0] * shape[1] * shape[2];
    const bytes = bytesOf(5 + size);
    const place = new Uint8Array(3 + size + 2).fill(99);
    const out = place.subarray(3, 3 + size);
    for (let row = 0; row < 9; row++)
      for (let column = 0; column < 9; column++)
        for (const isFlipped of [false, true]) {
          const draws = Float32Array.of(0, drawOf(row), drawOf(column), isFlipped ? 0.25 : 0.75);
          cropAndFlip(bytes, 5, shape, draws, 1, out);
          const expected = cropPlainly(bytes.subarray(5), shape, [row, column, isFlipped]);
          expect([...place]).toEqual([99, 99, 99, ...expected, 99, 99]);
        }
  });

  it('takes draws at the ends of [0, 1) for the outermost places', () => {
    const bytes = bytesOf(36);
    const out = new Uint8Array(36);
    cropAndFlip(bytes, 0, [6, 6, 1], Float32Array.of(0, 1 - 2 ** -24, 0.5), 0, out);
    expect([...out]).toEqual(cropPlainly(bytes, [6, 6, 1], [0, 8, false]));
  });
});

describe('standardisation', () => {
  function standardize(bytes: ArrayLike<number>, out: Float32Array, target: number): void {
    const normalizer = createNormalizer(bytes.length);
    normalizer.bytes.set(bytes);
    normalizer.standardize(out, target);
  }

  it('gives mean 0 and standard deviation 1, as in two passes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 100 }), (bytes) => {
        const out = new Float32Array(bytes.length + 2).fill(7);
        standardize(bytes, out, 1);
        expect(largestDifference(out.subarray(1, -1), standardizePlainly([...bytes]))).toBeLessThan(1e-5);
        expect([out[0], out.at(-1)]).toEqual([7, 7]);
      }),
      { seed: 1 },
    );
  });

  it('divides by 1 / √size at least, so that an image of one colour becomes zero', () => {
    const flat = new Float32Array(16);
    standardize(new Array(16).fill(200), flat, 0);
    expect([...flat]).toEqual(new Array(16).fill(0));
    const almost = new Float32Array(16);
    standardize(
      Array.from({ length: 16 }, (_, index) => (index === 3 ? 201 : 200)),
      almost,
      0,
    );
    // Its own deviation is √(1/16 − 1/256) = 0.242, less than 1/4.
    expect(almost[3]).toBeCloseTo((1 - 1 / 16) * 4, 5);
    expect(almost[0]).toBeCloseTo(-(1 / 16) * 4, 5);
  });

  it.each([3072, 200_001])(
    'computes in doubles and rounds once, also the sums of an image of %i bytes',
    (size) => {
      // Bright images have the largest sums.
      const bytes = Uint8Array.from({ length: size }, (_, index) => 255 - ((index * 7) % 3) * (index % 5));
      const out = new Float32Array(size);
      standardize(bytes, out, 0);
      const centre = mean(bytes);
      const squares = bytes.reduce((sum, byte) => sum + byte * byte, 0);
      const factor = 1 / Math.sqrt(squares / size - centre * centre);
      expect(out).toEqual(Float32Array.from(bytes, (byte) => (byte - centre) * factor));
    },
  );

  it('starts anew with each image', () => {
    const normalizer = createNormalizer(20);
    const written = (bytes: Uint8Array) => {
      const out = new Float32Array(20);
      normalizer.bytes.set(bytes);
      normalizer.standardize(out, 0);
      return [...out];
    };
    const first = written(bytesOf(20));
    written(new Uint8Array(20).fill(3));
    expect(written(bytesOf(20))).toEqual(first);
  });
});

describe('scaling', () => {
  it('divides every byte by 255, rounded once, and writes no further than the image', () => {
    for (const size of [1, 15, 16, 17, 256, 784]) {
      const normalizer = createNormalizer(size);
      const bytes = Uint8Array.from({ length: size }, (_, index) => 255 - (index % 256));
      normalizer.bytes.set(bytes);
      const out = new Float32Array(size + 2).fill(7);
      normalizer.scale(out, 1);
      expect([...out]).toEqual([7, ...Array.from(bytes, (byte) => Math.fround(byte / 255)), 7]);
    }
  });
});

describe('a training batch', () => {
  const shape: ImageShape = [8, 9, 3];
  const size = 8 * 9 * 3;
  const split: Split = {
    count: 4,
    images: bytesOf(4 * size),
    labels: Uint8Array.of(0, 1, 2, 3),
    normalization: 'standardize',
    augmentation: { name: 'crop-flip', imageShape: shape },
  };

  it('is first cropped and flipped, then standardised', () => {
    const images = new Float32Array(2 * size);
    const labels = new Int32Array(2);
    const draws = Float32Array.of(drawOf(1), drawOf(8), 0.1, drawOf(7), drawOf(4), 0.9);
    fillBatch(split, Uint32Array.of(9, 3, 1), 1, images, labels, draws);
    const expected = [
      ...standardizePlainly(cropPlainly(split.images.subarray(3 * size), shape, [1, 8, true])),
      ...standardizePlainly(cropPlainly(split.images.subarray(size), shape, [7, 4, false])),
    ];
    expect(largestDifference(images, expected)).toBeLessThan(1e-5);
    expect([...labels]).toEqual([3, 1]);
    expect(mean(images.subarray(0, size))).toBeCloseTo(0, 5);
  });

  it('is scaled to [0, 1] after the crop if it is not standardised', () => {
    const { normalization: _, ...scaled } = split;
    const images = new Float32Array(size);
    fillBatch(scaled, Uint32Array.of(2), 0, images, new Int32Array(1), Float32Array.of(0, 0, 0));
    const expected = cropPlainly(split.images.subarray(2 * size), shape, [0, 0, true]);
    expect([...images]).toEqual(expected.map((byte) => Math.fround(byte / 255)));
  });

  it('needs as many draws as it has images to augment, times three', () => {
    expect(countDraws(split, 5)).toBe(15);
    const { augmentation: _, ...shown } = split;
    expect(countDraws(shown, 5)).toBe(0);
    const fill = () => fillBatch(split, Uint32Array.of(0), 0, new Float32Array(size), new Int32Array(1));
    expect(fill).toThrow(/draws holds 0 numbers, expected 3/);
  });

  it('is standardised but neither cropped nor flipped in evaluation', () => {
    const images = new Float32Array(5 * size);
    fillEvaluationBatch(split, 0, images, new Int32Array(5), new Float32Array(5));
    const expected = [0, 1, 2, 3].flatMap((index) =>
      standardizePlainly([...split.images.subarray(index * size, (index + 1) * size)]),
    );
    expect(largestDifference(images.subarray(0, 4 * size), expected)).toBeLessThan(1e-5);
    expect(images.subarray(4 * size).every((value) => value === 0)).toBe(true);
  });
});

describe('the places of crops', () => {
  it('are uniform over 9 × 9, and half of the images are flipped, independently of the place', () => {
    // Each byte tells its place: 1 + 12 row + column.
    const split: Split = {
      count: 1,
      images: Uint8Array.from({ length: 144 }, (_, place) => place + 1),
      labels: Uint8Array.of(0),
      augmentation: { name: 'crop-flip', imageShape: [12, 12, 1] },
    };
    const [batch, steps] = [128, 400];
    const images = new Float32Array(batch * 144);
    const draws = new Float32Array(countDraws(split, batch));
    const counts = new Float64Array(162);
    for (let step = 0; step < steps; step++) {
      fillUniform({ seed: 5, purpose: 'augmentation', index: step }, draws);
      fillBatch(split, new Uint32Array(batch), 0, images, new Int32Array(batch), draws);
      for (let slot = 0; slot < batch; slot++) {
        // The two middle columns of row 5 lie within the image at every place.
        const at = (column: number) => Math.round((images[slot * 144 + 5 * 12 + column] ?? 0) * 255) - 1;
        const isFlipped = at(5) > at(6);
        const left = isFlipped ? at(6) : at(5);
        const [row, column] = [Math.floor(left / 12) - 5 + 4, (left % 12) - 5 + 4];
        const bin = (row * 9 + column) * 2 + Number(isFlipped);
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
    }
    expect(counts.reduce((sum, count) => sum + count)).toBe(batch * steps);
    const expected = new Float64Array(162).fill((batch * steps) / 162);
    expect(Math.abs(chiSquareDeviation(counts, expected))).toBeLessThan(4);
    const flipped = counts.filter((_, bin) => bin % 2 === 1).reduce((sum, count) => sum + count);
    expect(Math.abs(flipped / (batch * steps) - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / (batch * steps)));
  });
});

describe('augmentation of CIFAR-sized batches', () => {
  it('takes no more than a few milliseconds of processor time', () => {
    const split: Split = {
      count: 512,
      images: bytesOf(512 * 3072),
      labels: new Uint8Array(512),
      normalization: 'standardize',
      augmentation: { name: 'crop-flip', imageShape: [32, 32, 3] },
    };
    const images = new Float32Array(128 * 3072);
    const draws = new Float32Array(countDraws(split, 128));
    const order = epochOrder(0, 0, 512);
    const times = Array.from({ length: 200 }, (_, step) => {
      const began = performance.now();
      fillUniform({ seed: 0, purpose: 'augmentation', index: step }, draws);
      fillBatch(split, order, 128 * (step % 4), images, new Int32Array(128), draws);
      return performance.now() - began;
    });
    // The fastest of many is what the machine can do when nothing else wants it.
    expect(Math.min(...times)).toBeLessThan(15);
  });
});
