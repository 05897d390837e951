/** @file The IDX parser on good, broken and hostile files. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIdx } from '../../../src/data/idx/format.ts';
import { UserError } from '../../../src/errors.ts';
import { countUp, encodeIdx } from '../idx-files.ts';

const IMAGES = encodeIdx([2, 3, 4], countUp(24));
/** 100 MB of zeros behind a header that announces one byte. */
const BOMB = gzipSync(Buffer.concat([encodeIdx([1, 1, 1], [0]), Buffer.alloc(100e6)]));

describe('decodeIdx', () => {
  it('reads a header written by hand', () => {
    const bytes = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 200, 7]);
    expect(decodeIdx(bytes, 3, 'x').shape).toEqual([1, 1, 2]);
    expect([...decodeIdx(bytes, 3, 'x').values]).toEqual([200, 7]);
  });

  it('reads extents beyond one byte as big-endian', () => {
    const { shape, values } = decodeIdx(encodeIdx([0x0102], countUp(0x0102)), 1, 'x');
    expect(shape).toEqual([258]);
    expect(values).toHaveLength(258);
  });

  it('shares the memory of a plain file instead of copying it', () => {
    const { values } = decodeIdx(IMAGES, 3, 'x');
    expect(values.buffer).toBe(IMAGES.buffer);
  });

  it('unpacks gzip, told from its first bytes', () => {
    const { shape, values } = decodeIdx(gzipSync(IMAGES), 3, 'no-ending');
    expect(shape).toEqual([2, 3, 4]);
    expect([...values]).toEqual(countUp(24));
  });

  it('reads back whatever bytes were written, plain or packed', () => {
    const arrays = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
    );
    fc.assert(
      fc.property(arrays, fc.boolean(), fc.integer({ min: 1, max: 256 }), (shape, isPacked, modulus) => {
        const values = countUp(shape[0] * shape[1] * shape[2], modulus);
        const bytes = encodeIdx(shape, values);
        const read = decodeIdx(isPacked ? gzipSync(bytes) : bytes, 3, 'x');
        expect(read.shape).toEqual(shape);
        expect([...read.values]).toEqual(values);
      }),
      { seed: 1 },
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', Buffer.alloc(0), /^images is not an IDX file .*: it is empty, /],
    ['text', Buffer.from('PIXELS'), /found 50 49 58 45$/],
    ['a web page', Buffer.from('\n<!DOCTYPE html><html>'), /: it is a web page, such as a server sends /],
    ['a packed pickle', gzipSync(Buffer.from([0x80, 2, 0x7d, 0x71])), /: it is a Python pickle, /],
    ['labels in place of images', encodeIdx([4], [1, 2, 3, 4]), /3 axes: .* found 00 00 08 01$/],
    ['floats', Buffer.from([0, 0, 13, 3]), /begin with 00 00 08 03, found 00 00 0d 03$/],
    ['half a header', IMAGES.subarray(0, 9), /^images ends within its header: expected 16 bytes, found 9$/],
    ['truncated data', IMAGES.subarray(0, 30), /^images holds 30 bytes, expected 40: the 16 .* 2 × 3 × 4/],
    ['bytes after the data', Buffer.concat([IMAGES, Buffer.alloc(1)]), /^images holds 41 bytes, expected 40/],
    ['no image', encodeIdx([0, 28, 28], []), /^images announces 0 × 28 × 28 bytes, expected from 1/],
    ['a huge count', encodeIdx([0xffffffff, 0xffffffff, 0xffffffff], []), /^images announces 4294967295 × /],
    [
      'truncated gzip',
      gzipSync(IMAGES).subarray(0, 35),
      /^images is damaged: .*gzip \(unexpected end of file\)$/,
    ],
    ['damaged gzip', gzipSync(IMAGES).fill(0xff, 12, 16), /^images .*gzip/],
    ['a gzip bomb', BOMB, /unpacks to more than the 17 bytes/],
    ['packed short data', gzipSync(IMAGES.subarray(0, 30)), /^images holds 30 bytes, expected 40/],
  ])('refuses %s in one sentence that names the file', (_, bytes, message) => {
    expect(() => decodeIdx(bytes, 3, 'images')).toThrow(UserError);
    expect(() => decodeIdx(bytes, 3, 'images')).toThrow(message);
  });

  it('unpacks no more of a gzip bomb than its header announces', () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodeIdx(BOMB, 3, 'bomb')).toThrow(UserError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
  });
});
