/** @file Images from PNG files in which each row of pixels is one image of 32 × 32. */
import { decode } from 'fast-png';
import { UserError } from '../errors.ts';
import { IMAGE_BYTES, PIXELS } from './records.ts';

/** Signature, then the length and name of the first chunk; width and height follow. */
const HEADER_START = 16;
const HEADER_END = 26;

/**
 * Decodes a PNG of 8-bit RGB without transparency, 1,024 pixels wide.
 *
 * @param largestCount no more images are decoded than this
 * @param where the file's name, for errors
 * @returns images `[height, 32, 32, 3]`
 * @throws UserError if it is not such a PNG
 */
export function decodePngImages(bytes: Uint8Array, largestCount: number, where: string): Uint8Array {
  const { width, height, form } = readHeader(bytes, where);
  if (width !== PIXELS || height < 1 || height > largestCount || form !== '8-bit RGB') {
    throw new UserError(
      `${where} is a PNG of ${width} × ${height}, ${form}, ` +
        `expected ${PIXELS} × (1 to ${largestCount}), 8-bit RGB`,
    );
  }
  const { data } = decodePixels(bytes, where);
  if (!(data instanceof Uint8Array) || data.length !== height * IMAGE_BYTES) {
    throw new UserError(`${where} holds ${data.length} values, expected ${height * IMAGE_BYTES}`);
  }
  return data;
}

/** Read before anything is unpacked, so that no picture of any size can be announced. */
function readHeader(bytes: Uint8Array, where: string) {
  if (bytes.length < HEADER_END || String.fromCharCode(...bytes.subarray(12, HEADER_START)) !== 'IHDR') {
    throw new UserError(`${where} is not a PNG file`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_END);
  const [width, height] = [view.getUint32(HEADER_START), view.getUint32(HEADER_START + 4)];
  const [depth, colours] = [view.getUint8(HEADER_START + 8), view.getUint8(HEADER_START + 9)];
  return { width, height, form: `${depth}-bit ${colours === 2 ? 'RGB' : `of colour type ${colours}`}` };
}

function decodePixels(bytes: Uint8Array, where: string) {
  try {
    return decode(bytes);
  } catch (error) {
    throw new UserError(`${where} cannot be decoded as PNG: ${(error as Error).message}`);
  }
}
