/** @file Updates of the state that TensorFlow does in place are found for every optimizer, and only where nothing else needs the result. */

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { NamedTensors, StepFunction, StepResult } from '../../../src/compiler/step.ts';
import { recordStep } from '../../../src/compiler/trace-step.ts';
import { optimizeForTensorflow } from '../../../src/engines/tensorflow/passes/optimize.ts';
import type { SingleUpdate } from '../../../src/engines/tensorflow/update-kinds.ts';
import { splitUpdates } from '../../../src/engines/tensorflow/updates.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createTrainingCase, OPTIMIZERS } from '../../support/training-cases.ts';

await useCpuBackend();

const float = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;

function updatesOf(optimizer: string): {
  updates: readonly SingleUpdate[];
  parameters: string[];
  outputs: string[];
} {
  const { compiled, setup } = createTrainingCase(
    'mlp',
    { name: 'none' },
    {
      optimizer: OPTIMIZERS[optimizer],
      gradientClip: 1,
    },
  );
  const graph = optimizeForTensorflow(recordStep(compiled.step, compiled.signature));
  const { rest, updates } = splitUpdates(graph);
  const outputs = rest.outputs.map(({ name }) => name).filter((name) => name.startsWith('next/'));
  return {
    updates: updates as readonly SingleUpdate[],
    parameters: setup.model.parameters.map(({ name }) => name),
    outputs,
  };
}

describe('updates in place', () => {
  it.each([
    ['momentum', false],
    ['nesterov', true],
  ])('of %s take parameter and velocity along, and leave nothing to assign', (name, nesterov) => {
    const { updates, parameters, outputs } = updatesOf(name);
    expect(updates.map(({ parameter }) => parameter).sort()).toEqual(parameters.sort());
    for (const update of updates) {
      expect(update).toMatchObject({
        kind: 'momentum',
        nesterov,
        accumulator: `optimizer/velocity/${update.parameter}`,
      });
    }
    expect(outputs).toEqual([]);
  });

  it.each(['sgd', 'adam'])('of %s subtract from the parameters', (name) => {
    const { updates, parameters } = updatesOf(name);
    expect(updates.map(({ parameter }) => parameter).sort()).toEqual(parameters.sort());
    expect(new Set(updates.map(({ kind }) => kind))).toEqual(new Set(['subtract']));
  });

  const split = (compute: (state: NamedTensors, feeds: NamedTensors) => StepResult) =>
    splitUpdates(
      optimizeForTensorflow(
        recordStep(compute as StepFunction, {
          state: { w: float(3), v: float(3) },
          feeds: { x: float(3), rate: float() },
        }),
      ),
    ).updates;

  it('are not made where the new value is fetched, or becomes that of another entry', () => {
    const subtract = (w: tf.Tensor | undefined, x: tf.Tensor | undefined) =>
      tf.sub(w as tf.Tensor, x as tf.Tensor);
    expect(split(({ w }, { x }) => ({ state: { w: subtract(w, x) }, fetches: {} }))).toMatchObject([
      { kind: 'subtract', parameter: 'w' },
    ]);
    expect(
      split(({ w }, { x }) => {
        const next = subtract(w, x);
        return { state: { w: next }, fetches: { next } };
      }),
    ).toEqual([]);
    expect(split(({ w }, { x }) => ({ state: { v: subtract(w, x) }, fetches: {} }))).toEqual([]);
  });

  it('keep a velocity that somebody else reads', () => {
    const updates = split(({ w, v }, { x, rate }) => {
      const velocity = tf.add(tf.mul(v as tf.Tensor, 0.5), x as tf.Tensor);
      const next = tf.sub(w as tf.Tensor, tf.mul(rate as tf.Tensor, velocity));
      return { state: { w: next, v: velocity }, fetches: { length: tf.sum(velocity) } };
    });
    expect(updates).toMatchObject([{ kind: 'subtract', parameter: 'w' }]);
  });
});
