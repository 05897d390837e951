/** @file Named arrays as bytes in the safetensors format (huggingface/safetensors), float32 and int32 only. */

import { z } from 'zod';
import {
  type ArrayData,
  type ArraySpec,
  elementTypeOf,
  type NamedArrays,
  type NamedSpecs,
  sizeOf,
} from '../arrays.ts';
import { UserError } from '../errors.ts';
import { parseJson } from './json.ts';

const LENGTH_BYTES = 8;
const ELEMENT_BYTES = 4;
/** A hundredth of what the format's own reader takes, for as many arrays as no network here has. */
const MAXIMUM_HEADER_BYTES = 1_000_000;

const count = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.enum(['F32', 'I32']),
  shape: z.array(count),
  data_offsets: z.tuple([count, count]),
});
const headerSchema = z
  .object({ __metadata__: z.record(z.string(), z.string()).optional() })
  .catchall(entrySchema);

type Entry = z.output<typeof entrySchema>;

export interface TensorFile {
  readonly arrays: NamedArrays;
  readonly specs: NamedSpecs;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An array as the format has it. */
export interface Tensor {
  readonly name: string;
  readonly dtype: 'F32' | 'I32' | 'U16';
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array | Int32Array | Uint16Array;
}

/**
 * Encodes arrays, as `encodeTensors` does.
 *
 * @param specs shape and element type of every array
 * @throws Error if an array has no spec, holds booleans, or its length or element type differs from it
 */
export function encodeSafetensors({ arrays, specs, metadata }: TensorFile): Uint8Array {
  const tensors = Object.entries(arrays).map(([name, array]): Tensor => {
    const data = requireMatch(name, array, specs[name]) as Float32Array | Int32Array;
    return { name, dtype: dtypeOf(data), shape: specs[name]?.shape ?? [], data };
  });
  return encodeTensors(tensors, metadata);
}

/**
 * Encodes arrays: 8 bytes of header length, a JSON header padded with spaces to a multiple of 8, then the numbers in
 * little-endian order without gaps. Float32 comes before int32 and 16 bits last, each by name, as the format's own writer orders
 * them.
 */
export function encodeTensors(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const ordered = tensors.toSorted((a, b) => compare(a.dtype, b.dtype) || compare(a.name, b.name));
  const chunks: Uint8Array[] = [];
  const entries: [string, object][] = [];
  let end = 0;
  for (const { name, dtype, shape, data } of ordered) {
    const begin = end;
    end += data.byteLength;
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
    chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return Buffer.concat([encodeHeader(entries, metadata), ...chunks]);
}

/**
 * Decodes arrays, copying them out of the bytes.
 *
 * @param file name for errors
 * @throws UserError if the bytes are not a complete, gapless safetensors file of float32 and int32 arrays
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): TensorFile {
  const { header, data } = splitHeader(bytes, file);
  const { __metadata__: metadata, ...entries } = header;
  requireGapless(entries, data.length, file);
  const tensors = Object.entries(entries);
  return {
    arrays: Object.fromEntries(tensors.map(([name, entry]) => [name, decodeArray(data, entry)])),
    specs: Object.fromEntries(tensors.map(([name, entry]) => [name, specOf(entry)])),
    metadata: metadata ?? {},
  };
}

function encodeHeader(entries: [string, object][], metadata: Readonly<Record<string, string>>): Uint8Array {
  const head = Object.keys(metadata).length > 0 ? [['__metadata__', metadata] as const] : [];
  const json = Buffer.from(JSON.stringify(Object.fromEntries([...head, ...entries])));
  const padded = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(LENGTH_BYTES + padded, ' ');
  header.writeBigUInt64LE(BigInt(padded));
  json.copy(header, LENGTH_BYTES);
  return header;
}

function splitHeader(
  bytes: Uint8Array,
  file: string,
): { header: z.output<typeof headerSchema>; data: Uint8Array } {
  if (bytes.length < LENGTH_BYTES) {
    throw new UserError(
      `${file} is not a safetensors file: ${bytes.length} bytes, expected at least ${LENGTH_BYTES}`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAXIMUM_HEADER_BYTES || Number(length) > bytes.length - LENGTH_BYTES) {
    throw new UserError(
      `${file} is cut off or not a safetensors file: its header should have ${length} bytes, but ${bytes.length - LENGTH_BYTES} follow`,
    );
  }
  const end = LENGTH_BYTES + Number(length);
  const text = decodeText(bytes.subarray(LENGTH_BYTES, end), file);
  return { header: parseJson(text, headerSchema, `${file}: header`), data: bytes.subarray(end) };
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UserError(`${file} is not a safetensors file: its header is not UTF-8 text`);
  }
}

/** Arrays must follow one another without gap or overlap and end where the file ends. */
function requireGapless(entries: Readonly<Record<string, Entry>>, dataBytes: number, file: string): void {
  const ordered = Object.entries(entries).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  let position = 0;
  for (const [name, { shape, data_offsets }] of ordered) {
    const [begin, end] = data_offsets;
    if (begin !== position || end - begin !== sizeOf(shape) * ELEMENT_BYTES) {
      throw new UserError(
        `${file}: array "${name}" of shape [${shape.join(', ')}] lies at bytes ${begin} to ${end}, ` +
          `expected ${position} to ${position + sizeOf(shape) * ELEMENT_BYTES}`,
      );
    }
    position = end;
  }
  if (position === dataBytes) return;
  throw new UserError(`${file}: its arrays take ${position} bytes, but ${dataBytes} follow the header`);
}

function decodeArray(data: Uint8Array, { dtype, data_offsets }: Entry): ArrayData {
  const copy = new Uint8Array(data.subarray(...data_offsets));
  return dtype === 'F32' ? new Float32Array(copy.buffer) : new Int32Array(copy.buffer);
}

function specOf({ dtype, shape }: Entry): ArraySpec {
  return { shape, dtype: dtype === 'F32' ? 'float32' : 'int32' };
}

function dtypeOf(array: ArrayData): Entry['dtype'] {
  return array instanceof Int32Array ? 'I32' : 'F32';
}

function requireMatch(name: string, array: ArrayData, spec: ArraySpec | undefined): ArrayData {
  const dtype = elementTypeOf(array);
  const matches = spec?.dtype === dtype && sizeOf(spec.shape) === array.length;
  if (name !== '__metadata__' && dtype !== 'bool' && matches) return array;
  const expected =
    spec === undefined ? 'no array of that name' : `${spec.dtype} of shape [${spec.shape.join(', ')}]`;
  throw new Error(`array "${name}" holds ${array.length} numbers of ${dtype}, expected ${expected}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
