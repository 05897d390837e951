/** @file Images from PNG files in which each row of pixels is one image of 32 × 32. */
import { inflateSync } from 'node:zlib';
import { decode } from 'fast-png';
import { UserError } from '../errors.ts';
import { IMAGE_BYTES, PIXELS } from './records.ts';

/** Signature, then the length and name of the first chunk; width and height follow. */
const SIGNATURE_END = 8;
const HEADER_START = 16;
const HEADER_END = 29;

/** Length and name of a chunk, and its checksum. */
const CHUNK_FRAME = 12;

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
  const { data } = decodePixels(keepPixels(bytes, height, where), where);
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
  const isInterlaced = view.getUint8(HEADER_END - 1) !== 0;
  const form = `${depth}-bit ${colours === 2 ? 'RGB' : `of colour type ${colours}`}`;
  return { width, height, form: isInterlaced ? `${form}, interlaced` : form };
}

/**
 * The header and the packed pixels alone: other chunks may be packed, too, or announce other sizes. The pixels are
 * unpacked once on trial, to no more than they must be.
 */
function keepPixels(bytes: Uint8Array, height: number, where: string): Uint8Array {
  const chunks = listChunks(bytes, where);
  const data = chunks.filter(({ name }) => name === 'IDAT').map(({ content }) => content);
  // A byte before each row says how it was predicted.
  const size = height * (1 + IMAGE_BYTES);
  const unpacked = unpackedSize(Buffer.concat(data), size, where);
  if (unpacked !== size) {
    const found = unpacked > size ? `more than ${size}` : String(unpacked);
    throw new UserError(`${where} holds ${found} bytes of pixels, expected ${size}`);
  }
  const kept = [chunks[0], ...chunks.filter(({ name }) => name === 'IDAT'), chunks.at(-1)];
  return Buffer.concat([bytes.subarray(0, SIGNATURE_END), ...kept.flatMap((chunk) => chunk?.whole ?? [])]);
}

function unpackedSize(packed: Uint8Array, largest: number, where: string): number {
  try {
    return inflateSync(packed, { maxOutputLength: largest, chunkSize: 2 ** 20 }).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return Number.POSITIVE_INFINITY;
    throw new UserError(`${where} cannot be decoded as PNG: ${(error as Error).message}`);
  }
}

interface Chunk {
  readonly name: string;
  readonly content: Uint8Array;
  /** With its length, name and checksum. */
  readonly whole: Uint8Array;
}

/** All chunks up to the one that ends the picture. */
function listChunks(bytes: Uint8Array, where: string): Chunk[] {
  const chunks: Chunk[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = SIGNATURE_END; start + CHUNK_FRAME <= bytes.length; ) {
    const end = start + CHUNK_FRAME + view.getUint32(start);
    if (end > bytes.length) break;
    const name = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    chunks.push({ name, content: bytes.subarray(start + 8, end - 4), whole: bytes.subarray(start, end) });
    if (name === 'IEND') return chunks;
    start = end;
  }
  throw new UserError(`${where} cannot be decoded as PNG: it ends within a chunk`);
}

function decodePixels(bytes: Uint8Array, where: string) {
  try {
    return decode(bytes);
  } catch (error) {
    throw new UserError(`${where} cannot be decoded as PNG: ${(error as Error).message}`);
  }
}
