/** @file What the functions on tensors and the layers refuse, in a sentence. It needs nothing but JavaScript, so that browsers run it. */
import type * as tf from '@tensorflow/tfjs';

const GRANULARITIES: readonly unknown[] = ['weight', 'unit'];

/**
 * Options may come from a program without types.
 *
 * @param of the function or class that was called
 * @param known names of its options
 * @param added a name that nobody gives: tfjs adds it
 * @throws RangeError if they are no object, or one has a name that no option has
 */
export function requireNames(of: string, options: unknown, known: readonly string[], added?: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new RangeError(`the options of ${of} are ${describe(options)}, expected an object`);
  const unknown = Object.keys(options).find((name) => !known.includes(name) && name !== added);
  if (unknown === undefined) return;
  throw new RangeError(`${of} has no option "${unknown}", expected one of: ${known.join(', ')}`);
}

/** @throws RangeError */
export function requireWeight(weight: tf.Tensor): void {
  const rank: unknown = weight?.rank;
  if (typeof rank !== 'number')
    throw new RangeError(`the weight is ${describe(weight)}, expected a tensor of tfjs`);
  if (rank === 0)
    throw new RangeError(
      'the weight is a scalar, expected at least one axis, the last of which is its columns',
    );
}

/** @throws RangeError */
export function requireGranularity(granularity: unknown): void {
  if (!GRANULARITIES.includes(granularity))
    throw new RangeError(`granularity is ${describe(granularity)}, expected "weight" or "unit"`);
}

/** @throws RangeError */
export function requireRate(name: string, rate: unknown): void {
  // A string would be compared as the number that it spells.
  if (!(typeof rate === 'number' && rate >= 0 && rate <= 1))
    throw new RangeError(`${name} is ${describe(rate)}, expected a number from 0 to 1`);
}

/** @throws RangeError */
export function requireCount(name: string, count: unknown): void {
  if (!(Number.isSafeInteger(count) && Number(count) >= 0))
    throw new RangeError(`${name} is ${describe(count)}, expected an integer from 0`);
}

/** @throws RangeError */
export function requireText(name: string, text: unknown): void {
  if (typeof text !== 'string') throw new RangeError(`${name} is ${describe(text)}, expected text`);
}

/** A value in a sentence: `"0.5"`, `NaN`, `missing`, `a list of 2`, `an object`. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return `"${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
