/**
 * @file The framing of event files (TensorFlow's TFRecord): each record is its length as 8 bytes, their checksum as 4, the
 * data, and the data's checksum as 4, all little-endian.
 */
import { readSync } from 'node:fs';
import { crc32c } from './crc32c.ts';

const LENGTH_BYTES = 8;
const CHECKSUM_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + CHECKSUM_BYTES;

/** Bytes of one record: a thousand times those of an epoch of VGG-16. */
const LARGEST_RECORD = 2 ** 28;

/** What is added to a rotated checksum, so that data which holds checksums is not mistaken for its own. */
const MASK = 0xa282ead8;

/** A record that is whole, or why there is none: the file ends within it, or its bytes are not what they were. */
export type FoundRecord =
  | { readonly kind: 'whole'; readonly data: Uint8Array; readonly end: number }
  | { readonly kind: 'cut off' | 'damaged' };

/** A record with its length and checksums. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(HEADER_BYTES + data.length + CHECKSUM_BYTES);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedChecksum(record.subarray(0, LENGTH_BYTES)), LENGTH_BYTES);
  record.set(data, HEADER_BYTES);
  record.writeUInt32LE(maskedChecksum(data), HEADER_BYTES + data.length);
  return record;
}

/**
 * Reads the record that begins at a position of an open file.
 *
 * @param size of the file, above the position
 */
export function readRecord(descriptor: number, position: number, size: number): FoundRecord {
  const header = readBytes(descriptor, position, HEADER_BYTES);
  if (header === undefined) return { kind: 'cut off' };
  const length = Number(header.readBigUInt64LE(0));
  const isHeaderWhole =
    header.readUInt32LE(LENGTH_BYTES) === maskedChecksum(header.subarray(0, LENGTH_BYTES));
  if (!isHeaderWhole || length > LARGEST_RECORD) return { kind: 'damaged' };
  const end = position + HEADER_BYTES + length + CHECKSUM_BYTES;
  const rest =
    end > size ? undefined : readBytes(descriptor, position + HEADER_BYTES, length + CHECKSUM_BYTES);
  if (rest === undefined) return { kind: 'cut off' };
  const data = rest.subarray(0, length);
  if (rest.readUInt32LE(length) !== maskedChecksum(data)) return { kind: 'damaged' };
  return { kind: 'whole', data, end };
}

/** @returns nothing if the file ends before */
function readBytes(descriptor: number, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  return readSync(descriptor, bytes, 0, length, position) === length ? bytes : undefined;
}

/** The checksum rotated right by 15 bits, plus a constant, modulo 2^32. */
function maskedChecksum(bytes: Uint8Array): number {
  const checksum = crc32c(bytes);
  return (((checksum >>> 15) | (checksum << 17)) + MASK) >>> 0;
}
