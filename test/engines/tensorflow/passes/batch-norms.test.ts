/** @file Batch normalisation of the models is recognised, forward and backward, and nothing else is. */

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../../src/compiler/graph.ts';
import { removeDeadCode } from '../../../../src/compiler/passes/dead-code.ts';
import { simplify } from '../../../../src/compiler/passes/simplify.ts';
import { printGraph } from '../../../../src/compiler/print.ts';
import type { Signature, StepFunction } from '../../../../src/compiler/step.ts';
import { recordStep } from '../../../../src/compiler/trace-step.ts';
import { joinBatchNorms } from '../../../../src/engines/tensorflow/passes/batch-norms.ts';
import { batchNorm } from '../../../../src/models/batch-norm.ts';
import type { Layers } from '../../../../src/models/types.ts';
import { useCpuBackend } from '../../../support/cpu-backend.ts';
import { type CaseModel, createTrainingCase, METHODS } from '../../../support/training-cases.ts';

await useCpuBackend();

const float = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;
const NAMES = ['scale', 'shift', 'mean', 'variance'] as const;

/** The gradients of a sum of squares of normalised images or activations, and the moved averages. */
function normStep(shape: readonly number[], epsilon = 0.125): { step: StepFunction; signature: Signature } {
  const channels = shape.at(-1) ?? 1;
  return {
    step: (state, { x }) => {
      const averages: Record<string, tf.Tensor> = {};
      const layers = {
        training: true,
        parameter: (name: string) => state[name] as tf.Tensor,
        update: (name: string, value: tf.Tensor) => {
          averages[name] = tf.keep(value);
        },
      } as unknown as Layers;
      const loss = (input: tf.Tensor) =>
        tf.sum(tf.square(batchNorm(input, 'norm', layers, { momentum: 0.5, epsilon })));
      return { state: {}, fetches: { dx: tf.grad(loss)(x as tf.Tensor), ...averages } };
    },
    signature: {
      state: Object.fromEntries(NAMES.map((name) => [`norm/${name}`, float(channels)])),
      feeds: { x: float(...shape) },
    },
  };
}

function joined({ step, signature }: { step: StepFunction; signature: Signature }): Graph {
  return simplify(removeDeadCode(joinBatchNorms(simplify(recordStep(step, signature)))));
}

const count = ({ operations }: Graph, op: string): number =>
  operations.filter((operation) => operation.op === op).length;

describe('a batch normalisation and its gradient', () => {
  it('are one kernel each', () => {
    expect(printGraph(joined(normStep([2, 3, 3, 4])))).toMatchInlineSnapshot(`
      "input state/norm/scale float32[4]
      input state/norm/shift float32[4]
      input state/norm/mean float32[4]
      input state/norm/variance float32[4]
      input feed/x float32[2,3,3,4]
      %0 float32[2,3,3,4], %1 float32[4], %2 float32[4], %3 float32[4], %4 float32[4], %5 float32[] = FusedBatchNorm(feed/x, state/norm/scale, state/norm/shift) {epsilon=0.125}
      %6 float32[] = Constant(0.9444444179534912)
      %7 float32[4] = Multiply(%2, %6)
      %8 float32[] = Constant(1.058823585510254)
      %9 float32[4] = Multiply(%7, %8)
      %10 float32[] = Constant(0.5)
      %11 float32[4] = Multiply(state/norm/mean, %10)
      %12 float32[4] = Multiply(%1, %10)
      %13 float32[4] = Add(%11, %12)
      %14 float32[4] = Multiply(state/norm/variance, %10)
      %15 float32[4] = Multiply(%9, %10)
      %16 float32[4] = Add(%14, %15)
      %17 float32[] = Constant(2)
      %18 float32[2,3,3,4] = Multiply(%0, %17)
      %19 float32[2,3,3,4], %20 float32[4], %21 float32[4] = FusedBatchNormGrad(%18, feed/x, state/norm/scale, %3, %4, %5) {epsilon=0.125}
      output fetch/dx = %19
      output fetch/norm/mean = %13
      output fetch/norm/variance = %16"
    `);
  });

  it('of activations are those of images of one pixel', () => {
    const graph = joined(normStep([6, 4]));
    expect([count(graph, 'FusedBatchNorm'), count(graph, 'FusedBatchNormGrad')]).toEqual([1, 1]);
    expect(graph.operations.find(({ op }) => op === 'FusedBatchNorm')?.inputs[0]?.shape).toEqual([
      6, 1, 1, 4,
    ]);
  });

  it('over a single value stay as they are: it has no variance', () => {
    expect(count(joined(normStep([1, 4])), 'FusedBatchNorm')).toBe(0);
  });

  it('that share images, and so mean and variance, are joined once and stay right', () => {
    const vector = () => float(4);
    const step: StepFunction = (state, { x }) => {
      const layers = {
        training: true,
        parameter: (name: string) => state[name] as tf.Tensor,
        update: () => {},
      } as unknown as Layers;
      const settings = { momentum: 0.5, epsilon: 0.125 };
      const loss = (input: tf.Tensor) =>
        tf.sum(
          tf.mul(batchNorm(input, 'a', layers, settings), tf.exp(batchNorm(input, 'b', layers, settings))),
        );
      return { state: {}, fetches: { dx: tf.grad(loss)(x as tf.Tensor) } };
    };
    const names = ['a', 'b'].flatMap((layer) => NAMES.map((name) => `${layer}/${name}`));
    const state = Object.fromEntries(names.map((name) => [name, vector()]));
    const graph = joined({ step, signature: { state, feeds: { x: float(2, 3, 3, 4) } } });
    expect([count(graph, 'FusedBatchNorm'), count(graph, 'FusedBatchNormGrad')]).toEqual([1, 1]);
    const made = new Set([
      ...graph.inputs.map(({ value }) => value),
      ...graph.operations.flatMap(({ outputs }) => outputs),
    ]);
    for (const { inputs } of graph.operations) for (const input of inputs) expect(made.has(input)).toBe(true);
  });

  it('with another mean than that of the batch stay as they are', () => {
    const step: StepFunction = ({ scale, shift }, { x }) => {
      const mean = tf.mean(x as tf.Tensor, [0, 1]);
      const centred = tf.sub(x as tf.Tensor, mean);
      const variance = tf.mean(tf.square(centred), [0, 1]);
      const factor = tf.mul(scale as tf.Tensor, tf.rsqrt(tf.add(variance, 0.1)));
      return { state: {}, fetches: { y: tf.add(tf.mul(centred, factor), shift as tf.Tensor) } };
    };
    const signature = { state: { scale: float(4), shift: float(4) }, feeds: { x: float(2, 3, 3, 4) } };
    expect(count(joined({ step, signature }), 'FusedBatchNorm')).toBe(0);
  });
});

describe.each(['resnet', 'smoothVgg'] as const)(
  'all batch normalisations of a training step of %s',
  (model: CaseModel) => {
    it.each(['none', 'targeted dropout of units', 'variational dropout'])(
      'are recognised with %s',
      (method) => {
        const { compiled, setup } = createTrainingCase(model, METHODS[method] ?? { name: 'none' }, {
          gradientClip: 1,
          weightDecay: 0.01,
        });
        const norms = setup.model.parameters.filter(({ role }) => role === 'scale').length;
        const graph = joined(compiled);
        expect(norms).toBeGreaterThan(3);
        expect([count(graph, 'FusedBatchNorm'), count(graph, 'FusedBatchNormGrad')]).toEqual([norms, norms]);
        // What is left of their parts.
        expect(count(graph, 'Rsqrt')).toBe(0);
      },
    );
  },
);
