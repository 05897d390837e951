/** @file The binary records of CIFAR: label bytes, then an image of 32 × 32 as planes of red, green and blue. */
import { UserError } from '../../errors.ts';
import { describeContent } from '../content.ts';
import type { Split } from '../types.ts';
import type { RecordFormat } from './manifest.ts';

/** Pixels of an image, and bytes of one of its planes. */
export const PIXELS = 32 * 32;
export const IMAGE_BYTES = 3 * PIXELS;

/**
 * Reads records into images `[count, 32, 32, 3]` and labels.
 *
 * @param bytes records one after the other. They are lost: the images take their place, which saves the time and
 *   memory of a second array as large
 * @param classes labels reach from 0 to classes − 1
 * @param where the file's name, for errors
 * @throws UserError if the bytes are not whole records, at least one, or a label is too large
 */
export function decodeRecords(
  bytes: Uint8Array,
  format: RecordFormat,
  classes: number,
  where: string,
): Split {
  const count = countRecords(bytes, format, where);
  const size = format.labelBytes + IMAGE_BYTES;
  const labels = new Uint8Array(count);
  for (let index = 0; index < count; index++) labels[index] = bytes[index * size + format.label] as number;
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    throw new UserError(
      `${where} has label ${labels[wrong]} in record ${wrong}, expected 0 to ${classes - 1}`,
    );
  }
  return { count, images: interleaveAll(bytes, count, format.labelBytes), labels };
}

/** @throws UserError if the bytes are not whole records, at least one */
export function countRecords(bytes: Uint8Array, { labelBytes }: RecordFormat, where: string): number {
  const size = labelBytes + IMAGE_BYTES;
  const count = bytes.length / size;
  if (count > 0 && Number.isInteger(count)) return count;
  const content = describeContent(bytes);
  throw new UserError(
    `${where} holds ${bytes.length} bytes, expected whole records of ${size} bytes each${content === undefined ? '' : `: ${content}`}`,
  );
}

/**
 * Writes records with one label byte.
 *
 * @param labels `[count]`
 * @param images `[count, 32, 32, 3]`
 */
export function encodeRecords(labels: Uint8Array, images: Uint8Array): Uint8Array {
  const records = new Uint8Array(labels.length * (1 + IMAGE_BYTES));
  let target = 0;
  for (const [index, label] of labels.entries()) {
    records[target++] = label;
    for (let channel = 0; channel < 3; channel++) {
      const end = (index + 1) * IMAGE_BYTES;
      for (let source = index * IMAGE_BYTES + channel; source < end; source += 3) {
        records[target++] = images[source] ?? 0;
      }
    }
  }
  return records;
}

/** Turns the planes of each record into pixels, in place: an image ends before the next record begins. */
function interleaveAll(bytes: Uint8Array, count: number, labelBytes: number): Uint8Array {
  const whole = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const words = new Int32Array(whole.buffer, whole.byteOffset, (count * IMAGE_BYTES) / 4);
  const planes = new Uint8Array(IMAGE_BYTES);
  const planeWords = new Int32Array(planes.buffer);
  for (let index = 0; index < count; index++) {
    const start = index * (labelBytes + IMAGE_BYTES) + labelBytes;
    planes.set(whole.subarray(start, start + IMAGE_BYTES));
    interleave(planeWords, words, (index * IMAGE_BYTES) / 4);
  }
  return whole.subarray(0, count * IMAGE_BYTES);
}

/**
 * Makes three words of four pixels from a word of each plane, least significant byte first, as on every processor that
 * there is an engine for. Word by word it takes half the time of byte by byte.
 */
function interleave(planes: Int32Array, out: Int32Array, start: number): void {
  const words = PIXELS / 4;
  for (let index = 0, target = start; index < words; index++, target += 3) {
    const red = planes[index] as number;
    const green = planes[index + words] as number;
    const blue = planes[index + 2 * words] as number;
    out[target] = (red & 0xff) | ((green & 0xff) << 8) | ((blue & 0xff) << 16) | ((red & 0xff00) << 16);
    out[target + 1] = ((green >>> 8) & 0xff) | (blue & 0xff00) | (red & 0xff0000) | ((green & 0xff0000) << 8);
    out[target + 2] =
      ((blue >>> 16) & 0xff) | ((red >>> 16) & 0xff00) | ((green >>> 8) & 0xff0000) | (blue & ~0xffffff);
  }
}
