/** @file Gradients of ReLU and values at a rank become kernels of TensorFlow. */

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { printGraph } from '../../../../src/compiler/print.ts';
import type { Signature, StepFunction } from '../../../../src/compiler/step.ts';
import { recordStep } from '../../../../src/compiler/trace-step.ts';
import { optimizeForTensorflow } from '../../../../src/engines/tensorflow/passes/optimize.ts';
import { lowestEntries } from '../../../../src/pruning/ranking.ts';
import { useCpuBackend } from '../../../support/cpu-backend.ts';

await useCpuBackend();

const float = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;
const print = (step: StepFunction, feeds: Signature['feeds'], skip: readonly string[] = []) =>
  printGraph(optimizeForTensorflow(recordStep(step, { state: {}, feeds }), new Set(skip)));

describe('the gradient of ReLU', () => {
  it('asks for its result where there is one, so that its operand need not be kept', () => {
    const step: StepFunction = (_, { x }) => {
      const loss = (value: tf.Tensor) => tf.sum(tf.exp(tf.relu(tf.neg(value))));
      return { state: {}, fetches: { dx: tf.grad(loss)(x as tf.Tensor) } };
    };
    expect(print(step, { x: float(3) })).toMatchInlineSnapshot(`
      "input feed/x float32[3]
      %0 float32[3] = Neg(feed/x)
      %1 float32[3] = Relu(%0)
      %2 float32[3] = Exp(%1)
      %3 float32[3] = ReluGrad(%2, %1)
      %4 float32[3] = Neg(%3)
      output fetch/dx = %4"
    `);
  });

  it('is not seen in a leaky step, nor in a product of another shape', () => {
    const step: StepFunction = (_, { x, y }) => ({
      state: {},
      fetches: {
        leaky: tf.mul(y as tf.Tensor, tf.step(x as tf.Tensor, 0.1)),
        spread: tf.mul(tf.step(x as tf.Tensor), tf.ones([2, 3])),
      },
    });
    expect(print(step, { x: float(3), y: float(3) })).not.toContain('ReluGrad');
  });
});

describe('the threshold of a share of the lowest entries', () => {
  const feeds = { w: float(8, 2), share: float() };

  it('is selected at its rank, from the nearer end', () => {
    const step = (share: number): StepFunction => {
      return (_, { w }) => ({ state: {}, fetches: { low: lowestEntries(w as tf.Tensor, share) } });
    };
    expect(print(step(0.75), feeds)).toMatchInlineSnapshot(`
      "input feed/w float32[8,2]
      input feed/share float32[]
      %0 float32[8,2] = Abs(feed/w)
      %1 float32[2,8] = Transpose(%0) {perm=[1,0]}
      %2 int32[] = Constant(1)
      %3 float32[2] = NthLargest(%1, %2)
      %4 bool[8,2] = Less(%0, %3)
      output fetch/low = %4"
    `);
    expect(print(step(0.25), feeds)).toMatchInlineSnapshot(`
      "input feed/w float32[8,2]
      input feed/share float32[]
      %0 float32[8,2] = Abs(feed/w)
      %1 float32[2,8] = Transpose(%0) {perm=[1,0]}
      %2 float32[2,8] = Neg(%1)
      %3 int32[] = Constant(2)
      %4 float32[2] = NthLargest(%2, %3)
      %5 float32[2] = Neg(%4)
      %6 bool[8,2] = Less(%0, %5)
      output fetch/low = %6"
    `);
  });

  it('is selected at a rank that is fed, without a sort', () => {
    const step: StepFunction = (_, { w, share }) => ({
      state: {},
      fetches: { low: lowestEntries(w as tf.Tensor, share as tf.Scalar) },
    });
    const printed = print(step, feeds);
    expect(printed).toContain('NthLargest');
    expect(printed).not.toContain('TopK');
    expect(print(step, feeds, ['rank-lookups'])).toContain('TopK');
  });

  it('is left alone where the largest values are wanted, too', () => {
    const step: StepFunction = (_, { w }) => {
      const { values } = tf.topk(w as tf.Tensor, 2, false);
      return { state: {}, fetches: { least: tf.min(values, -1), values } };
    };
    expect(print(step, { w: float(3, 4) })).not.toContain('NthLargest');
  });
});
