/** @file PNG files: what their headers announce, and their pixels, of which no more are unpacked than are announced. */
import { inflateSync } from 'node:zlib';
import { type DecodedPng, decode } from 'fast-png';
import { UserError } from '../errors.ts';

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 numbers of colours in a palette, 4 grey with alpha, 6 RGB with alpha. */
  readonly colourType: number;
  readonly isInterlaced: boolean;
}

/** Signature, then the length and name of the first chunk; width and height follow. */
const SIGNATURE_END = 8;
const HEADER_START = 16;
const HEADER_END = 29;

/** Length and name of a chunk, and its checksum. */
const CHUNK_FRAME = 12;

/** Chunks that the pixels depend on, beside the header, of which the first counts: others may be packed, too, or announce other sizes. */
const NEEDED = ['PLTE', 'tRNS', 'IDAT', 'IEND'];

/** Samples of a pixel by colour type. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** First row and column of each pass over an interlaced image, and the steps between its rows and columns. */
const PASSES = [
  [0, 0, 8, 8],
  [0, 4, 8, 8],
  [4, 0, 8, 4],
  [0, 2, 4, 4],
  [2, 0, 4, 2],
  [0, 1, 2, 2],
  [1, 0, 2, 1],
] as const;

/**
 * Reads what a PNG file announces, before anything is unpacked.
 *
 * @param where the file's name, for errors
 * @throws UserError if it is not a PNG file
 */
export function readPngHeader(bytes: Uint8Array, where: string): PngHeader {
  if (bytes.length < HEADER_END || String.fromCharCode(...bytes.subarray(12, HEADER_START)) !== 'IHDR') {
    throw new UserError(`${where} is not a PNG file`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_END);
  return {
    width: view.getUint32(HEADER_START),
    height: view.getUint32(HEADER_START + 4),
    depth: view.getUint8(HEADER_START + 8),
    colourType: view.getUint8(HEADER_START + 9),
    isInterlaced: view.getUint8(HEADER_END - 1) !== 0,
  };
}

/**
 * Decodes the pixels, once it is known that they unpack to as many as the header announces.
 *
 * @throws UserError if the file is damaged or ends early
 */
export function decodePng(bytes: Uint8Array, header: PngHeader, where: string): DecodedPng {
  const isNeeded = ({ name }: Chunk, index: number) =>
    name === 'IHDR' ? index === 0 : NEEDED.includes(name);
  const chunks = listChunks(bytes, where).filter(isNeeded);
  const data = chunks.filter(({ name }) => name === 'IDAT').map(({ content }) => content);
  const size = packedSize(header);
  const unpacked = unpackedSize(Buffer.concat(data), size, where);
  if (unpacked !== size) {
    const found = unpacked > size ? `more than ${size}` : String(unpacked);
    throw new UserError(`${where} holds ${found} bytes of pixels, expected ${size}`);
  }
  const needed = [bytes.subarray(0, SIGNATURE_END), ...chunks.map(({ whole }) => whole)];
  try {
    return decode(Buffer.concat(needed), { checkCrc: true });
  } catch (error) {
    throw new UserError(`${where} cannot be decoded as PNG: ${(error as Error).message}`);
  }
}

/** Bytes of the pixels before they are packed: rows of samples, and a byte before each that says how it was predicted. */
function packedSize({ width, height, depth, colourType, isInterlaced }: PngHeader): number {
  const bits = depth * (SAMPLES[colourType] ?? 0);
  const sizeOf = (rows: number, columns: number) =>
    rows > 0 && columns > 0 ? rows * (1 + Math.ceil((columns * bits) / 8)) : 0;
  if (!isInterlaced) return sizeOf(height, width);
  return PASSES.reduce(
    (sum, [row, column, down, right]) =>
      sum + sizeOf(Math.ceil((height - row) / down), Math.ceil((width - column) / right)),
    0,
  );
}

function unpackedSize(packed: Uint8Array, largest: number, where: string): number {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(1, largest), chunkSize: 2 ** 16 }).length;
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
