/** @file Random calls of the kernels that make, move, cut, join or reduce arrays. */

import * as fc from 'fast-check';
import { sizeOf } from '../../../src/arrays.ts';
import type { KernelCalls, KernelTable } from './kernel-table.ts';
import { type Content, calls, extent, type OperandType, permutations, shapes } from './samples.ts';

/** All subsets of axes, the empty one included, with and without kept dimensions. */
function reduction(
  axisName: string,
  kinds: readonly (readonly [OperandType, Content])[],
  exact = false,
): KernelCalls {
  return {
    exact,
    calls: fc
      .tuple(shapes(), fc.constantFrom(...kinds), fc.boolean())
      .chain(([shape, kind, keepDims]) =>
        fc.tuple(fc.constant({ shape, kind, keepDims }), fc.subarray(shape.map((_, axis) => axis))),
      )
      .chain(([{ shape, kind, keepDims }, axes]) =>
        calls({ x: [shape, ...kind] }, { [axisName]: axes, keepDims }),
      ),
  };
}

const argument: KernelCalls = {
  exact: true,
  calls: fc
    .tuple(shapes(1), fc.nat(3), fc.constantFrom('real' as const, 'few' as const))
    .chain(([shape, axis, content]) =>
      calls({ x: [shape, 'float32', content] }, { axis: axis % shape.length }),
    ),
};

const numeric = [
  ['float32', 'real'],
  ['float32', 'few'],
  ['int32', 'few'],
] as const;
const any = [...numeric, ['bool', 'flags']] as const;

/** Something done with one array of any type, with attributes that depend on its shape. */
function movement(
  attributesOf: (shape: readonly number[]) => fc.Arbitrary<Record<string, unknown>>,
  { input = 'x', minRank = 0, kinds = any as readonly (readonly [OperandType, Content])[] } = {},
): KernelCalls {
  return {
    exact: true,
    calls: fc
      .tuple(shapes(minRank), fc.constantFrom(...kinds))
      .chain(([shape, kind]) => fc.tuple(fc.constant({ shape, kind }), attributesOf(shape)))
      .chain(([{ shape, kind }, attributes]) => calls({ [input]: [shape, ...kind] }, attributes)),
  };
}

/** Where to begin and how much to take along each axis; −1 takes the rest. */
function slices(shape: readonly number[]): fc.Arbitrary<Record<string, unknown>> {
  const perAxis = shape.map((size) =>
    fc
      .nat(size - 1)
      .chain((begin) =>
        fc.tuple(fc.constant(begin), fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: size - begin }))),
      ),
  );
  return fc.tuple(...perAxis).map((cuts) => ({
    begin: cuts.map(([begin]) => begin),
    size: cuts.map(([, size]) => size),
  }));
}

const concatenation: KernelCalls = {
  list: true,
  exact: true,
  calls: fc
    .tuple(shapes(1), fc.nat(3), fc.array(extent(3), { minLength: 1, maxLength: 4 }), fc.constantFrom(...any))
    .chain(([shape, axis, sizes, kind]) => {
      const joined = axis % shape.length;
      const inputs = sizes.map(
        (size, index) => [`x${index}`, [shape.with(joined, size), ...kind] as const] as const,
      );
      return calls(Object.fromEntries(inputs), { axis: joined });
    }),
};

const gathering: KernelCalls = {
  exact: true,
  // Every axis has at least the 4 entries that indices may name.
  calls: fc
    .tuple(
      fc.array(fc.integer({ min: 4, max: 5 }), { minLength: 1, maxLength: 3 }),
      shapes(0, 2, 3),
      fc.nat(3),
    )
    .chain(([shape, indices, axis]) =>
      calls(
        { x: [shape, 'float32', 'real'], indices: [indices, 'int32', 'index'] },
        { axis: axis % shape.length, batchDims: 0 },
      ),
    ),
};

const selection: KernelCalls = {
  exact: true,
  calls: fc
    .tuple(shapes(1, 4, 6), fc.nat(5), fc.boolean(), fc.constantFrom('distinct' as const, 'few' as const))
    .chain(([shape, k, sorted, content]) =>
      calls({ x: [shape, 'float32', content] }, { k: 1 + (k % (shape.at(-1) ?? 1)), sorted }),
    ),
  arrange: ([values = [], positions = []], { inputs, attributes }) => {
    const k = attributes.k as number;
    const places = inputs.x?.content === 'distinct' ? positions : values;
    if (attributes.sorted === true) return [values, places];
    return [sortRows(values, k), sortRows(places, k)];
  },
};

/** Each run of k numbers in ascending order: unsorted results are a set. */
function sortRows(numbers: readonly number[], k: number): number[] {
  const rows = Array.from({ length: numbers.length / k }, (_, row) => numbers.slice(row * k, (row + 1) * k));
  return rows.flatMap((row) => row.sort((a, b) => a - b));
}

export const arrayCalls: KernelTable = {
  Sum: reduction('axis', numeric),
  Mean: reduction('axis', numeric),
  Max: reduction('reductionIndices', numeric, true),
  Min: reduction('axis', numeric, true),
  ArgMax: argument,
  ArgMin: argument,
  Fill: {
    exact: true,
    calls: fc
      .tuple(shapes(), fc.constantFrom('float32', 'int32', 'bool'), fc.constantFrom(0, 1, -3))
      .chain(([shape, dtype, value]) =>
        calls({}, { shape, dtype, value: dtype === 'bool' ? value ** 2 % 2 : value }),
      ),
  },
  Reshape: movement((shape) =>
    fc
      .constantFrom([-1], [1, -1], [sizeOf(shape)], [...shape].reverse(), [1, ...shape])
      .map((to) => ({ shape: to })),
  ),
  ExpandDims: movement((shape) => fc.nat(shape.length).map((dim) => ({ dim })), { input: 'input' }),
  Transpose: movement((shape) => permutations(shape.length).map((perm) => ({ perm }))),
  Tile: movement((shape) => fc.tuple(...shape.map(() => extent(3))).map((reps) => ({ reps })), {
    minRank: 1,
  }),
  Slice: movement(slices, { minRank: 1 }),
  Concat: concatenation,
  PadV2: movement(
    (shape) =>
      fc
        .tuple(fc.constantFrom(0, -2), ...shape.map(() => fc.tuple(fc.nat(2), fc.nat(2))))
        .map(([constantValue, ...paddings]) => ({ paddings, constantValue })),
    { minRank: 1, kinds: numeric },
  ),
  GatherV2: gathering,
  TopK: selection,
};
