/** @file Bytes changed at random: flipped, left out, put in, doubled, cut off, or made huge where a number may stand. */
import fc from 'fast-check';

type Change = (bytes: Buffer) => Buffer;

/** A place as a share of the length, so that it lies within whatever the changes before it left. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

const at = (share: number, { length }: Buffer): number => Math.floor(share * length);

/** Numbers of eight bytes by which a length can be told. */
const LENGTHS = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 60n,
  2n ** 63n,
  2n ** 64n - 1n,
];

const flip = fc.tuple(place, fc.integer({ min: 0, max: 7 })).map(
  ([share, bit]): Change =>
    (bytes) => {
      const copy = Buffer.from(bytes);
      const index = at(share, copy);
      copy[index] = (copy[index] ?? 0) ^ (1 << bit);
      return copy;
    },
);

const remove = fc.tuple(place, fc.integer({ min: 1, max: 64 })).map(
  ([share, count]): Change =>
    (bytes) => {
      const index = at(share, bytes);
      return Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + count)]);
    },
);

const insert = fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 32 })).map(
  ([share, added]): Change =>
    (bytes) => {
      const index = at(share, bytes);
      return Buffer.concat([bytes.subarray(0, index), added, bytes.subarray(index)]);
    },
);

const double = fc.tuple(place, fc.integer({ min: 1, max: 4096 })).map(
  ([share, count]): Change =>
    (bytes) => {
      const index = at(share, bytes);
      return Buffer.concat([bytes.subarray(0, index + count), bytes.subarray(index)]);
    },
);

const truncate = place.map(
  (share): Change =>
    (bytes) =>
      bytes.subarray(0, at(share, bytes)),
);

const enlarge = fc.tuple(place, fc.constantFrom(...LENGTHS), fc.boolean(), fc.constantFrom(2, 4, 8)).map(
  ([share, length, isBig, size]): Change =>
    (bytes) => {
      const number = Buffer.alloc(8);
      if (isBig) number.writeBigUInt64BE(length);
      else number.writeBigUInt64LE(length);
      const copy = Buffer.from(bytes);
      // Headers lie at the start: most are written there.
      const index = share < 0.8 ? Math.floor(share * 80) : at(share, copy);
      number.copy(copy, index, isBig ? 8 - size : 0, isBig ? 8 : size);
      return copy;
    },
);

/** One to four changes. */
export const byteChanges: fc.Arbitrary<Change> = fc
  .array(fc.oneof(flip, flip, remove, insert, double, truncate, enlarge), { minLength: 1, maxLength: 4 })
  .map((changes) => (bytes) => changes.reduce((changed, change) => change(changed), bytes));
