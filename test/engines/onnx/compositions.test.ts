/** @file Random programs of several ops: values pass from op to op in either layout, which single kernels do not show. */

import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../../src/engines/onnx/engine.ts';
import { largestDifference, runOnce } from '../../support/engines.ts';
import { createNumbers } from '../../support/numbers.ts';
import { permutations } from '../kernels/samples.ts';

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
type Reduction = (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor;

/** Ops that keep numbers near 1, whatever they are applied to. */
const unaryOps = { relu: tf.relu, tanh: tf.tanh, neg: tf.neg, sigmoid: tf.sigmoid };
const binaryOps: Readonly<Record<string, Binary>> = {
  add: (a, b) => tf.mul(0.5, tf.add(a, b)),
  sub: (a, b) => tf.sub(a, b),
  product: (a, b) => tf.tanh(tf.mul(a, b)),
  maximum: tf.maximum,
  choose: (a, b) => tf.where(tf.greater(a, b), tf.neg(b), a),
};
const reductions: Readonly<Record<string, Reduction>> = {
  mean: (x, axes, keepDims) => tf.mean(x, axes, keepDims),
  max: (x, axes, keepDims) => tf.max(x, axes, keepDims),
};
const shapings = ['transpose', 'flatten', 'reverse', 'concat', 'convolve', 'pool', 'slice'] as const;

interface Instruction {
  readonly op: string;
  /** Which of the values so far are operands, counted from the latest. */
  readonly operands: readonly [number, number];
  readonly axes: readonly number[];
  readonly keepDims: boolean;
  readonly perm: readonly number[];
}

const instructions: fc.Arbitrary<Instruction> = fc.record({
  op: fc.constantFrom(
    ...Object.keys(unaryOps),
    ...Object.keys(binaryOps),
    ...Object.keys(reductions),
    ...shapings,
  ),
  operands: fc.tuple(fc.nat(3), fc.nat(3)),
  axes: fc.subarray([0, 1, 2, 3]),
  keepDims: fc.boolean(),
  perm: permutations(4),
});

const SHAPE = [2, 3, 4, 2] as const;
const FILTER = [3, 2, 2, 2] as const;

function execute(
  { op, operands, axes, keepDims, perm }: Instruction,
  values: readonly tf.Tensor[],
  filter: tf.Tensor,
) {
  const [a, b] = operands.map((back) => values[Math.max(0, values.length - 1 - back)] as tf.Tensor) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const images: tf.Tensor4D = a.rank === 4 ? (a as tf.Tensor4D) : tf.reshape(a, [1, -1, 1, 1]);
  if (op in unaryOps) return unaryOps[op as keyof typeof unaryOps](a);
  if (op in binaryOps) return (binaryOps[op] as Binary)(a, canBroadcast(a, b) ? b : tf.mean(b));
  if (op in reductions) {
    return (reductions[op] as Reduction)(
      a,
      axes.filter((axis) => axis < a.rank),
      keepDims,
    );
  }
  switch (op as (typeof shapings)[number]) {
    case 'transpose':
      return tf.transpose(
        a,
        perm.filter((axis) => axis < a.rank),
      );
    case 'flatten':
      return tf.reshape(a, [a.shape[0] ?? 1, -1]);
    case 'reverse':
      return tf.reshape(a, [...a.shape].reverse());
    case 'concat':
      return tf.concat([images, tf.relu(images)], axes[0] ?? 3);
    case 'convolve':
      return tf.tanh(
        tf.conv2d(tf.tile(tf.mean(images, 3, true), [1, 1, 1, 2]), filter as tf.Tensor4D, 1, 'same'),
      );
    case 'pool':
      return tf.maxPool(images, [2, 1], [2, 1], 'same');
    case 'slice':
      return tf.slice(images, [0, 0, 0, 0], [-1, 1, -1, -1]);
  }
}

function canBroadcast(a: tf.Tensor, b: tf.Tensor): boolean {
  return b.shape.every((size, index) => {
    const other = a.shape[a.rank - b.rank + index] ?? 1;
    return size === other || size === 1 || other === 1;
  });
}

it('programs of a dozen random ops after a convolution agree with the reference engine', async () => {
  const [onnx, reference] = [await createOnnxEngine({ threads: 1 }), await createReferenceEngine()];
  const numbers = createNumbers(5);
  const feeds = { x: numbers.normal(48), bias: numbers.normal(2), filter: numbers.normal(24) };
  const signature: Signature = {
    state: {},
    feeds: {
      x: { shape: SHAPE, dtype: 'float32' },
      bias: { shape: [2], dtype: 'float32' },
      filter: { shape: FILTER, dtype: 'float32' },
    },
  };
  const agrees = fc.asyncProperty(
    fc.array(instructions, { minLength: 1, maxLength: 14, size: 'max' }),
    async (program) => {
      const step: StepFunction = (_, { x, bias, filter }) => {
        const convolved = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
        const values: tf.Tensor[] = [bias as tf.Tensor, x as tf.Tensor, convolved];
        for (const instruction of program) values.push(execute(instruction, values, filter as tf.Tensor));
        return {
          state: {},
          fetches: { last: values.at(-1) as tf.Tensor, before: values.at(-2) as tf.Tensor },
        };
      };
      const expected = await runOnce(reference, step, signature, { feeds });
      const actual = await runOnce(onnx, step, signature, { feeds });
      expect(largestDifference(actual.fetches, expected.fetches).difference).toBeLessThan(1e-4);
    },
  );
  await fc.assert(agrees, { numRuns: 150, seed: Number(process.env.TD_TEST_SEED ?? 20190531) });
});
