/** @file Resizing against sums by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../src/data/images/picture.ts';
import { resizePicture } from '../../../src/data/images/resize.ts';

/** A grey picture of these rows. */
function grey(...rows: readonly (readonly number[])[]): Picture {
  const pixels = Uint8Array.from(rows.flat().flatMap((value) => [value, value, value, 99]));
  return { width: rows[0]?.length ?? 0, height: rows.length, pixels };
}

function resize(picture: Picture, height: number, width: number, channels = 1): number[] {
  const out = new Uint8Array(height * width * channels);
  resizePicture(picture, [height, width, channels], out, 0);
  return [...out];
}

describe('a resized picture', () => {
  it('is the same if it has the size already', () => {
    const pixels = Uint8Array.from({ length: 5 * 4 * 4 }, (_, index) => (index * 91) % 256);
    const same = resize({ width: 4, height: 5, pixels }, 5, 4, 3);
    expect(same).toEqual([...pixels].filter((_, index) => index % 4 !== 3));
  });

  it('at half the width takes four pixels into each of its own, weighted 1, 3, 3, 1', () => {
    // Seen from the middle between two pixels, centres lie at 0.5 and 1.5 of a reach of 2: weights 3/4 and 1/4.
    // At the borders the pixel beyond is left out: 3, 3, 1 of 7.
    const [left, right] = resize(grey([10, 20, 80, 200]), 1, 2);
    expect(left).toBe(Math.round((3 * 10 + 3 * 20 + 1 * 80) / 7));
    expect(right).toBe(Math.round((1 * 20 + 3 * 80 + 3 * 200) / 7));
    const inner = resize(grey([0, 10, 20, 80, 200, 0]), 1, 3)[1];
    expect(inner).toBe(Math.round((10 + 3 * 20 + 3 * 80 + 200) / 8));
  });

  it('at twice the width lies between its neighbours, a quarter and three quarters apart', () => {
    expect(resize(grey([0, 100]), 1, 4)).toEqual([0, 25, 75, 100]);
  });

  it('is resized along its height as along its width', () => {
    const row = [10, 20, 80, 200, 7];
    expect(resize(grey(...row.map((value) => [value])), 3, 1)).toEqual(resize(grey(row), 1, 3));
  });

  it('is rounded once, after both directions', () => {
    // Columns give 0.5 and 0; rounded on the way, their mean would be 0.5, which is 1.
    expect(resize(grey([0, 1], [0, 0]), 1, 1)).toEqual([0]);
  });

  it('does not alias: fine stripes become grey', () => {
    const stripes = grey(Array.from({ length: 64 }, (_, index) => (index % 2) * 255));
    for (const value of resize(stripes, 1, 8).slice(1, -1)) expect(Math.abs(value - 127.5)).toBeLessThan(1);
  });

  it('in one channel has the grey of its colours', () => {
    const pixels = Uint8Array.of(255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0);
    expect(resize({ width: 3, height: 1, pixels }, 1, 3)).toEqual([76, 150, 29]);
    expect(resize({ width: 3, height: 1, pixels }, 1, 3, 3)).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255]);
  });

  it('of one colour stays of one colour, whatever the sizes', () => {
    const extent = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(
        extent,
        extent,
        extent,
        extent,
        fc.nat(255),
        (height, width, newHeight, newWidth, value) => {
          const picture = grey(...Array.from({ length: height }, () => new Array<number>(width).fill(value)));
          return resize(picture, newHeight, newWidth).every((pixel) => pixel === value);
        },
      ),
    );
  });

  it('is written where it belongs', () => {
    const out = new Uint8Array(6).fill(9);
    resizePicture(grey([1, 2]), [1, 2, 1], out, 3);
    expect([...out]).toEqual([9, 9, 9, 1, 2, 9]);
  });
});
