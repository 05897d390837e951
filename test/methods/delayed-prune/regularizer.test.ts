/** @file Delayed pruning: plain training, then the lowest are zero, in training and in evaluation. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { magnitudes } from '../../../src/pruning/criteria.ts';
import { pruneWeight } from '../../../src/pruning/prune.ts';
import { Progress } from '../../../src/settings/training-time.ts';
import { createContext, denseSpec } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod, effectiveWeight, valuesOf } from '../../support/methods.ts';
import { createNumbers } from '../../support/numbers.ts';
import { createTrainingCase } from '../../support/training-cases.ts';

beforeAll(useCpuBackend);

const weight = () => tf.tensor2d([0.5, -9, -4, 8, 3, 7, -2, -6], [4, 2]);

describe('delayed pruning', () => {
  it('begins at step 5,000 unless told otherwise', () => {
    const factorsOf = (delay?: number | string) =>
      [0, 29, 30, 4999, 5000, 60_000].map(
        (step) =>
          createMethod({
            name: 'delayed-prune',
            granularity: 'weight',
            ...(delay === undefined ? {} : { delay }),
          }).scalars?.(new Progress(step, 10))?.pruning,
      );
    expect(factorsOf()).toEqual([0, 0, 0, 0, 1, 1]);
    expect(factorsOf(3)).toEqual([0, 0, 1, 1, 1, 1]);
    expect(factorsOf('30it')).toEqual([0, 0, 1, 1, 1, 1]);
  });

  it('of weights zeroes the lowest entries of each column, which get no gradient', () => {
    const method = createMethod({ name: 'delayed-prune', granularity: 'weight', delay: '7it' });
    const at = (step: number) => createContext(method, denseSpec(4, 2), weight(), createNumbers(1), { step });
    expect(effectiveWeight(method, at(6))).toEqual(valuesOf(weight()));
    expect(effectiveWeight(method, at(7))).toEqual([0, -9, -4, 8, 3, 0, 0, 0]);
    const gradientAt = (step: number) =>
      valuesOf(tf.grad((w) => tf.sum(method.effectiveWeight?.({ ...at(step), weight: w }) ?? w))(weight()));
    expect(gradientAt(6)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(gradientAt(7)).toEqual([0, 1, 1, 1, 1, 0, 0, 0]);
    expect(method.noise).toBeUndefined();
  });

  it('of units zeroes the columns of lowest norm', () => {
    const method = createMethod({ name: 'delayed-prune', granularity: 'unit', delay: 0 });
    // Norms 5, 13, 1, 5.1.
    const columns = tf.tensor2d([3, 5, 1, 5, -4, 12, 0, 1], [2, 4]);
    const context = createContext(method, denseSpec(2, 4), columns, createNumbers(1));
    expect(effectiveWeight(method, context)).toEqual([0, 5, 0, 5, 0, 12, 0, 1]);
  });

  it('is evaluated as it was trained last: as it is before the delay, pruned after it', async () => {
    const settings = { name: 'delayed-prune', granularity: 'weight', delay: '2it' } as const;
    const { setup, compiled, state, feedsOf } = createTrainingCase('mlp', settings);
    const program = await (await createReferenceEngine()).compile(compiled.step, compiled.signature);
    await program.writeState(state);
    const spec = setup.model.prunable[1] ?? denseSpec(8, 6);
    expect(spec.name).toBe('dense2/kernel');
    for (let step = 0; step < 4; step++) {
      await program.run(feedsOf(step));
      const after = await program.readState();
      const kernel = after['dense2/kernel'] as Float32Array;
      const pruning = after['dense2/kernel/pruning'] as Float32Array;
      const evaluated = setup.regularizer.evaluationWeight?.({ spec, weight: kernel, state: { pruning } });
      const pruned = pruneWeight(kernel, spec.shape, magnitudes(kernel), 'weight', 0.5).weight;
      expect(evaluated).toEqual(step < 2 ? kernel : pruned);
    }
    program.dispose();
  });
});
