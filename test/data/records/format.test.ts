/** @file The record format of CIFAR, against records written by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecords, encodeRecords, IMAGE_BYTES } from '../../../src/data/records/format.ts';
import { UserError } from '../../../src/errors.ts';
import { byteOf, makeRecords } from '../cifar-files.ts';

const CIFAR10 = { labelBytes: 1, label: 0 };
const CIFAR100 = { labelBytes: 2, label: 1 };

describe('decodeRecords', () => {
  it('turns planes of red, green and blue into pixels, row by row', () => {
    const { count, images, labels } = decodeRecords(makeRecords([[7], [0], [9]]), CIFAR10, 10, 'x');
    expect([count, images.length, [...labels]]).toEqual([3, 3 * 3072, [7, 0, 9]]);
    for (const [index, row, column, channel] of [
      [0, 0, 0, 0],
      [0, 0, 1, 2],
      [1, 31, 0, 1],
      [2, 17, 30, 0],
      [2, 31, 31, 2],
    ] as const) {
      const at = ((index * 32 + row) * 32 + column) * 3 + channel;
      expect(images[at]).toBe(byteOf(index, row, column, channel));
    }
  });

  it('reads a record written by hand', () => {
    const record = Buffer.concat([
      Buffer.of(4),
      Buffer.alloc(1024, 10),
      Buffer.alloc(1024, 20),
      Buffer.alloc(1024, 250),
    ]);
    record[1] = 255;
    const { images, labels } = decodeRecords(record, CIFAR10, 10, 'x');
    expect(labels[0]).toBe(4);
    expect([...images.subarray(0, 6)]).toEqual([255, 20, 250, 10, 20, 250]);
    expect([...images.subarray(-3)]).toEqual([10, 20, 250]);
  });

  it('takes the fine label of CIFAR-100, not the coarse one', () => {
    const { images, labels } = decodeRecords(
      makeRecords([
        [19, 99],
        [3, 0],
      ]),
      CIFAR100,
      100,
      'x',
    );
    expect([...labels]).toEqual([99, 0]);
    expect(images[3072]).toBe(byteOf(1, 0, 0, 0));
    expect(images.at(-1)).toBe(byteOf(1, 31, 31, 2));
  });

  it('gives back what was encoded, wherever in memory the records begin', () => {
    const image = fc.uint8Array({ minLength: IMAGE_BYTES, maxLength: IMAGE_BYTES });
    fc.assert(
      fc.property(image, image, fc.integer({ min: 0, max: 3 }), (first, second, offset) => {
        const images = Buffer.concat([first, second]);
        const records = encodeRecords(Uint8Array.of(3, 8), images);
        const memory = new Uint8Array(offset + records.length);
        memory.set(records, offset);
        const split = decodeRecords(memory.subarray(offset), CIFAR10, 10, 'x');
        expect([...split.labels]).toEqual([3, 8]);
        expect(Buffer.compare(split.images, images)).toBe(0);
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'nothing',
      Buffer.alloc(0),
      /^x holds 0 bytes, expected whole records of 3073 bytes each: it is empty, /,
    ],
    ['a part of a record', makeRecords([[1], [2]]).subarray(0, 6000), /^x holds 6000 bytes/],
    ['an eleventh class', makeRecords([[1], [10]]), /^x has label 10 in record 1, expected 0 to 9$/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeRecords(bytes, CIFAR10, 10, 'x')).toThrow(UserError);
    expect(() => decodeRecords(bytes, CIFAR10, 10, 'x')).toThrow(message);
  });
});

describe('encodeRecords', () => {
  it('writes the bytes that the official files have', () => {
    const pixels = Array.from({ length: 1024 }, (_, place) =>
      [0, 1, 2].map((channel) => byteOf(0, Math.floor(place / 32), place % 32, channel)),
    );
    expect(
      Buffer.compare(encodeRecords(Uint8Array.of(5), Uint8Array.from(pixels.flat())), makeRecords([[5]])),
    ).toBe(0);
  });
});
