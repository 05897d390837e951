/** @file How arrays enter a graph: as they are, or as words of 32 bits. */
import { type ArrayData, type ArraySpec, sizeOf } from '../../arrays.ts';
import { type NodeBuilder, type Output, shapeAttribute, typeAttribute } from './nodes.ts';

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** Spec of the int32 array that stands for an array of another type. */
export function specOfWords(spec: ArraySpec): ArraySpec {
  if (spec.dtype === 'bool') return { shape: [Math.ceil(sizeOf(spec.shape) / WORD_BYTES)], dtype: 'int32' };
  return { shape: spec.shape, dtype: 'int32' };
}

/** The same bytes as words; those of booleans are filled up to whole words. */
export function toWords(data: ArrayData): Int32Array {
  if (data instanceof Int32Array) return data;
  if (data instanceof Float32Array) return new Int32Array(data.buffer, data.byteOffset, data.length);
  const padded = new Uint8Array(Math.ceil(data.length / WORD_BYTES) * WORD_BYTES);
  padded.set(data);
  return new Int32Array(padded.buffer);
}

/**
 * Adds the placeholder of a feed.
 *
 * @param asWords whether the array is fed as int32. The native module copies a tensor of any other type to the device when it makes
 *   it, and TensorFlow copies it back to the host when it is fed; an array of int32 is copied to the device once.
 * @returns the array in its own type
 */
export function placeFeed(builder: NodeBuilder, spec: ArraySpec, name: string, asWords: boolean): Output {
  const { shape, dtype } = spec;
  const place = (placed: ArraySpec): Output =>
    builder.add(
      'Placeholder',
      [],
      { dtype: typeAttribute(placed.dtype), shape: shapeAttribute(placed.shape) },
      { name },
    );
  if (!asWords || dtype === 'int32') return place(spec);
  const words = place(specOfWords(spec));
  if (dtype === 'float32')
    return builder.add('Bitcast', [words], { T: typeAttribute('int32'), type: typeAttribute('float32') });
  const size = sizeOf(shape);
  const bytes = builder.add('Bitcast', [words], { T: typeAttribute('int32'), type: typeAttribute('uint8') });
  const flat = builder.reshape(bytes, [Math.ceil(size / WORD_BYTES) * WORD_BYTES], 'uint8');
  const cut = builder.add('Slice', [flat, builder.integers([0]), builder.integers([size])], {
    T: typeAttribute('uint8'),
    Index: typeAttribute('int32'),
  });
  return builder.reshape(builder.cast(cut, 'uint8', 'bool'), shape, 'bool');
}
