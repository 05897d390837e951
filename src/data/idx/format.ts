/** @file The IDX format of MNIST and its kin: a big-endian header with the shape, then bytes; plain or gzip. */
import { constants, gunzipSync } from 'node:zlib';
import { UserError } from '../../errors.ts';
import { describeContent } from '../content.ts';
import { LARGEST_FILE } from '../files.ts';

export interface IdxArray {
  readonly shape: readonly number[];
  /** Row-major, as many as the shape has entries; shares memory with the bytes it was read from, unless packed. */
  readonly values: Uint8Array;
}

interface Header {
  readonly shape: readonly number[];
  /** Bytes of the header and of the whole file. */
  readonly start: number;
  readonly end: number;
}

/** A gzip member's own header and enough of its data to hold an IDX header; unpacks to 4 MiB at most. */
const PEEK_BYTES = 4096;

/**
 * Reads an IDX array of unsigned bytes. Its content, not its name, tells whether it is packed. No more bytes are
 * unpacked than its own header announces.
 *
 * @param axes how many axes the array must have: 1 for labels, 3 for `[count, height, width]`
 * @param where the file's name, for errors
 * @throws UserError if the content is not such an array, complete and with nothing after it
 */
export function decodeIdx(bytes: Uint8Array, axes: 1 | 3, where: string): IdxArray {
  const { shape, start, whole } = open(bytes, axes, where);
  return { shape, values: whole.subarray(start) };
}

/**
 * The bytes of an IDX file after unpacking: header and values.
 *
 * @throws UserError as `decodeIdx`
 */
export function unpackIdx(bytes: Uint8Array, axes: 1 | 3, where: string): Uint8Array {
  return open(bytes, axes, where).whole;
}

function open(bytes: Uint8Array, axes: 1 | 3, where: string): Header & { readonly whole: Uint8Array } {
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const header = readHeader(isPacked ? peek(bytes, where) : bytes, axes, where);
  const { shape, start, end } = header;
  const whole = isPacked ? unpack(bytes, end, where) : bytes;
  if (whole.length !== end) {
    const announced = `the ${start} of its header and the ${shape.join(' × ')} that it announces`;
    throw new UserError(`${where} holds ${whole.length} bytes, expected ${end}: ${announced}`);
  }
  return { ...header, whole };
}

function readHeader(bytes: Uint8Array, axes: number, where: string): Header {
  const magic = [0, 0, 8, axes];
  if (!magic.every((byte, index) => bytes[index] === byte)) {
    const found = `expected it to begin with ${toHex(magic)}, found ${toHex(bytes.subarray(0, 4))}`;
    throw new UserError(
      `${where} is not an IDX file of bytes with ${axes === 1 ? 'one axis' : `${axes} axes`}: ${describeContent(bytes) ?? found}`,
    );
  }
  const start = 4 + 4 * axes;
  if (bytes.length < start) {
    throw new UserError(`${where} ends within its header: expected ${start} bytes, found ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (size === 0 || start + size > LARGEST_FILE) {
    throw new UserError(
      `${where} announces ${shape.join(' × ')} bytes, expected from 1 to ${LARGEST_FILE - start}`,
    );
  }
  return { shape, start, end: start + size };
}

/** The beginning of a packed file, unpacked. */
function peek(bytes: Uint8Array, where: string): Uint8Array {
  return inflate(bytes.subarray(0, PEEK_BYTES), { finishFlush: constants.Z_SYNC_FLUSH }, where);
}

function unpack(bytes: Uint8Array, size: number, where: string): Uint8Array {
  return inflate(bytes, { maxOutputLength: size, chunkSize: 2 ** 20 }, where);
}

function inflate(bytes: Uint8Array, options: Parameters<typeof gunzipSync>[1], where: string): Uint8Array {
  try {
    return gunzipSync(bytes, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new UserError(
        `${where} unpacks to more than the ${options?.maxOutputLength} bytes that it announces`,
      );
    }
    throw new UserError(`${where} is damaged: it cannot be unpacked as gzip (${(error as Error).message})`);
  }
}

function toHex(bytes: ArrayLike<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
