/** @file Arrays on the host, by name: what every room hands to the next. */

/** Of arrays that cross the border between host and engine. */
export type ElementType = 'float32' | 'int32' | 'bool';

/** Shape and element type of an array that crosses the border between host and engine. */
export interface ArraySpec {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}

/** Row-major numbers on the host, booleans as 0 and 1; their count is the product of the spec's shape. */
export type ArrayData = Float32Array | Int32Array | Uint8Array;

/** By name. */
export type NamedSpecs = Readonly<Record<string, ArraySpec>>;
/** By name. */
export type NamedArrays = Record<string, ArrayData>;

/** The class of array that holds each element type. */
export const ARRAY_CLASSES = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Number of elements of an array of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Zeros. */
export function createArray({ shape, dtype }: ArraySpec): ArrayData {
  return new ARRAY_CLASSES[dtype](sizeOf(shape));
}

/** Bytes from which on an array has pages of its own. */
const LEAST_PAGED = 2 ** 14;

/**
 * Zeros, by name, to be fed: each large array begins with a page of memory. TensorFlow takes arrays at multiples of 64 bytes as they are, and copies
 * others. The memory of buffers that could be resized begins so, as any other's may not.
 */
export function createArrays(specs: NamedSpecs): NamedArrays {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, createPaged(spec)]));
}

function createPaged(spec: ArraySpec): ArrayData {
  const [arrays, size] = [ARRAY_CLASSES[spec.dtype], sizeOf(spec.shape)];
  const bytes = size * arrays.BYTES_PER_ELEMENT;
  if (bytes < LEAST_PAGED) return createArray(spec);
  return new arrays(new ArrayBuffer(bytes, { maxByteLength: bytes }), 0, size);
}

export function elementTypeOf(data: ArrayData): ElementType {
  if (data instanceof Float32Array) return 'float32';
  return data instanceof Int32Array ? 'int32' : 'bool';
}
