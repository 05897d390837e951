/** @file Random calls of single kernels: shapes, attributes and where the numbers come from. */

import * as fc from 'fast-check';
import { type ArrayData, sizeOf } from '../../../src/arrays.ts';
import { createNumbers } from '../../support/numbers.ts';

/** What the numbers of an operand are like; `few` has many ties and zeros, `index` counts below 4. */
export type Content = 'real' | 'positive' | 'nonzero' | 'few' | 'distinct' | 'index' | 'flags';
export type OperandType = 'float32' | 'int32' | 'bool';

/** An operand of a kernel: described rather than listed, so that a counterexample is short. */
export interface Operand {
  readonly shape: readonly number[];
  readonly type: OperandType;
  readonly content: Content;
  readonly seed: number;
  /** Of rank 4 only: it comes out of a convolution, so that the compiler holds it with channels first. */
  readonly channelsFirst: boolean;
}

export interface KernelCall {
  readonly inputs: Readonly<Record<string, Operand>>;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Numbers of an operand, booleans as 0 and 1. */
export function numbersOf({ shape, type, content, seed }: Operand): ArrayData {
  const count = sizeOf(shape);
  const numbers = createNumbers(seed);
  const data =
    content === 'distinct' ? shuffle(count, numbers.uniform(count)) : draw(content, count, numbers);
  return type === 'float32' ? data : Int32Array.from(data);
}

function draw(content: Content, count: number, numbers: ReturnType<typeof createNumbers>): Float32Array {
  switch (content) {
    case 'real':
      return numbers.normal(count).map((value) => 1.5 * value);
    case 'positive':
      return numbers.uniform(count).map((value) => 0.1 + 3 * value);
    case 'nonzero':
      return numbers.uniform(count).map((value) => (value < 0.5 ? value - 1 : value + 0.5));
    case 'few':
      return numbers.uniform(count).map((value) => Math.floor(5 * value) - 2);
    case 'index':
      return numbers.uniform(count).map((value) => Math.floor(4 * value));
    default:
      return numbers.uniform(count).map((value) => Math.floor(2 * value));
  }
}

/** The numbers 0 to count − 1 in an order that random keys decide. */
function shuffle(count: number, keys: Float32Array): Float32Array {
  const order = Array.from({ length: count }, (_, index) => index);
  return Float32Array.from(order.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0)));
}

export const extent = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });

/** Shapes whose rank lies in a range. */
export function shapes(minRank = 0, maxRank = 4, most = 4): fc.Arbitrary<number[]> {
  return fc.array(extent(most), { minLength: minRank, maxLength: maxRank, size: 'max' });
}

/** A shape that broadcasts against the given one and adds nothing to it: leading axes left out, others set to 1. */
export function broadcastable(shape: readonly number[]): fc.Arbitrary<number[]> {
  return fc
    .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
    .map(([dropped, flattened]) => shape.map((size, axis) => (flattened[axis] ? 1 : size)).slice(dropped));
}

/** Every operand of one shape and type, with channels first at times where the rank is 4. */
export function operands(
  shape: readonly number[],
  type: OperandType,
  content: Content,
): fc.Arbitrary<Operand> {
  return fc.record({
    shape: fc.constant(shape),
    type: fc.constant(type),
    content: fc.constant(content),
    seed: fc.integer({ min: 1, max: 1e6 }),
    channelsFirst: shape.length === 4 ? fc.boolean() : fc.constant(false),
  });
}

/** A call with given shapes; an operand is described by its shape, type and content. */
export function calls(
  inputs: Readonly<Record<string, readonly [readonly number[], OperandType, Content]>>,
  attributes: Readonly<Record<string, unknown>> = {},
): fc.Arbitrary<KernelCall> {
  const described = Object.entries(inputs).map(
    ([name, [shape, type, content]]) => [name, operands(shape, type, content)] as const,
  );
  return fc.record({
    inputs: fc.record(Object.fromEntries(described)),
    attributes: fc.constant(attributes),
  });
}

/** A permutation of the axes of a rank. */
export function permutations(rank: number): fc.Arbitrary<number[]> {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return fc.shuffledSubarray(axes, { minLength: rank, maxLength: rank });
}
