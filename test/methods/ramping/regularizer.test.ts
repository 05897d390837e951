/** @file Ramping targeted dropout: how its rates rise, and that the dropped set follows them from step to step. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { countLowest } from '../../../src/pruning/criteria.ts';
import { Progress } from '../../../src/settings/training-time.ts';
import { convolutionSpec, createContext, denseSpec, prepare, randomNormal } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod, effectiveWeight, expectNumbers, valuesOf } from '../../support/methods.ts';
import { dropsBelow } from '../../support/noise.ts';
import { createNumbers } from '../../support/numbers.ts';
import { createTrainingCase } from '../../support/training-cases.ts';

beforeAll(useCpuBackend);

const zeros = (values: readonly number[]): number => values.filter((value) => value === 0).length;

function ratesAt(settings: Parameters<typeof createMethod>[0], step: number, stepsPerEpoch = 10) {
  const method = createMethod(settings);
  const progress = new Progress(step, stepsPerEpoch);
  const { drop } = method.noise?.(denseSpec(2, 4), 8) ?? {};
  if (drop?.distribution !== 'bernoulli' || typeof drop.probability === 'number') throw new Error('no ramp');
  return [drop.probability(progress), method.scalars?.(progress).targetRate ?? Number.NaN];
}

describe('the rates of ramping targeted dropout', () => {
  it('rise to 95 % of gamma in 49 epochs and to all of it in 49 more, alpha over all 98', () => {
    const at = (epoch: number) => ratesAt({ name: 'ramping', granularity: 'weight' }, epoch * 10);
    expectNumbers(at(0), [0, 0]);
    expectNumbers(at(24.5), [0.99 / 4, (0.95 / 2) * 0.99]);
    expectNumbers(at(49), [0.99 / 2, 0.95 * 0.99]);
    expectNumbers(at(73.5), [0.99 * 0.75, 0.975 * 0.99]);
    expectNumbers(at(98), [0.99, 0.99]);
    expectNumbers(at(256), [0.99, 0.99]);
  });

  it('end at alpha 0.99 and gamma 0.9 for units', () => {
    expectNumbers(ratesAt({ name: 'ramping', granularity: 'unit' }, 5000), [0.99, 0.9]);
  });

  it("rise over the steps of the paper's code, however long an epoch is", () => {
    const ramp = { first: '20000it', second: '20000it' };
    for (const step of [0, 100, 12_345, 20_000, 33_333, 40_000, 90_000]) {
      const share =
        0.95 * Math.min(1, step / 20_000) + 0.05 * Math.max(0, Math.min(1, (step - 20_000) / 20_000));
      const expected = [0.8 * Math.min(1, step / 40_000), 0.7 * share];
      const settings = {
        name: 'ramping',
        granularity: 'weight',
        dropRate: 0.8,
        targetRate: 0.7,
        ramp,
      } as const;
      expectNumbers(ratesAt(settings, step, 313), expected, 1e-12);
    }
  });

  it('are at their end from the first step on if the ramp has no length', () => {
    const ramp = { first: 0, second: '0it' };
    expect(ratesAt({ name: 'ramping', granularity: 'unit', ramp }, 0)).toEqual([0.99, 0.9]);
  });
});

describe('ramping targeted dropout', () => {
  it('of weights has exactly floor(gamma · n) candidates in each column at every step', () => {
    const method = createMethod({ name: 'ramping', granularity: 'weight', ramp: { first: 4, second: 4 } });
    const shape = [3, 3, 7, 4] as const;
    const kernel = randomNormal(shape, createNumbers(2));
    for (let step = 0; step <= 90; step += 7) {
      const context = createContext(method, convolutionSpec(shape, 5), kernel, createNumbers(3), { step });
      const dropping = { ...context, noise: { drop: tf.ones([...shape], 'bool') } };
      const values = effectiveWeight(method, prepare(method, dropping));
      const [, gamma = 0] = ratesAt(
        { name: 'ramping', granularity: 'weight', ramp: { first: 4, second: 4 } },
        step,
      );
      for (let column = 0; column < 4; column++) {
        const entries = values.filter((_, index) => index % 4 === column);
        expect(zeros(entries)).toBe(step === 0 ? 0 : countLowest(gamma, 63));
      }
      const magnitudes = valuesOf(tf.abs(kernel));
      const largestDropped = Math.max(0, ...magnitudes.filter((_, i) => i % 4 === 1 && values[i] === 0));
      const smallestKept = Math.min(...magnitudes.filter((_, i) => i % 4 === 1 && values[i] !== 0));
      expect(largestDropped).toBeLessThan(smallestKept);
    }
  });

  it('drops candidates by their noise', () => {
    const ramp = { first: 2, second: 2 };
    const method = createMethod({
      name: 'ramping',
      granularity: 'weight',
      targetRate: 1,
      dropRate: 0.8,
      ramp,
    });
    // A quarter of the ramp: gamma 0.475: one of three entries.
    const context = createContext(
      method,
      denseSpec(3, 2),
      tf.tensor2d([1, 6, 2, 5, 3, 4], [3, 2]),
      createNumbers(1),
      {
        step: 10,
      },
    );
    const withNoise = (drop: tf.Tensor) =>
      effectiveWeight(method, prepare(method, { ...context, noise: { drop } }));
    expect(withNoise(tf.tensor2d([1, 1, 1, 1, 1, 0], [3, 2], 'bool'))).toEqual([0, 6, 2, 5, 3, 4]);
    expect(withNoise(tf.zeros([3, 2], 'bool'))).toEqual([1, 6, 2, 5, 3, 4]);
  });

  it('of units drops whole columns of low norm, or entries in them', () => {
    // Norms 5, 13, 1, 5.1; at the end of the ramp gamma 0.75 marks all but the second.
    const weight = tf.tensor2d([3, 5, 1, 5, -4, 12, 0.5, 2], [2, 4]);
    const settings = { name: 'ramping', granularity: 'unit', dropRate: 0.5, targetRate: 0.75 } as const;
    const whole = createMethod(settings);
    expect(whole.noise?.(denseSpec(2, 4), 8).drop).toMatchObject({ shape: [4], distribution: 'bernoulli' });
    const context = createContext(whole, denseSpec(2, 4), weight, createNumbers(1), { step: 980 });
    const columns = { ...context, noise: { drop: dropsBelow(0.5, [0.4, 0, 0.6, 0], [4]) } };
    expect(effectiveWeight(whole, prepare(whole, columns))).toEqual([0, 5, 1, 0, 0, 12, 0.5, 0]);

    const perEntry = createMethod({ ...settings, perEntry: true });
    const entries = {
      ...context,
      noise: { drop: dropsBelow(0.5, [0.4, 0, 0.6, 0, 0.6, 0, 0.4, 0.6], [2, 4]) },
    };
    expect(effectiveWeight(perEntry, prepare(perEntry, entries))).toEqual([0, 5, 1, 0, -4, 12, 0, 2]);
  });

  it('evaluates the weight itself and ranks by magnitude', () => {
    const method = createMethod({ name: 'ramping', granularity: 'weight' });
    expect(method.evaluationWeight).toBeUndefined();
    expect(method.importance).toBeUndefined();
  });

  it('in a training step leaves the candidates where they are once alpha is 1', async () => {
    const settings = { name: 'ramping', granularity: 'weight', dropRate: 1, targetRate: 0.75 } as const;
    const training = createTrainingCase(
      'mlp',
      { ...settings, ramp: { first: '2it', second: '2it' } },
      { optimizer: { name: 'sgd' }, learningRate: 0.05 },
    );
    const { step, signature } = training.compiled;
    const program = await (await createReferenceEngine()).compile(step, signature);
    await program.writeState(training.state);
    for (let index = 0; index < 4; index++) await program.run(training.feedsOf(index));
    const before = [...((await program.readState())['dense2/kernel'] ?? [])];
    await program.run(training.feedsOf(4));
    const after = [...((await program.readState())['dense2/kernel'] ?? [])];
    program.dispose();
    // The kernel is [8, 6]: six of the eight entries of each column are candidates.
    const candidates = before.map((value, index) => {
      const column = before.filter((_, other) => other % 6 === index % 6).map(Math.abs);
      return Math.abs(value) < Number(column.sort((a, b) => a - b)[6]);
    });
    expect(candidates.filter(Boolean)).toHaveLength(36);
    expect(after.filter((_, index) => candidates[index])).toEqual(
      before.filter((_, index) => candidates[index]),
    );
    expect(after).not.toEqual(before);
  });
});
