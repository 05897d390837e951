/** @file Targeted dropout: candidates, how many of them are dropped, and the gradient of what is left. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTargeted } from '../../../src/methods/targeted/regularizer.ts';
import type { TargetedSettings } from '../../../src/methods/targeted/settings.ts';
import type { WeightContext } from '../../../src/methods/types.ts';
import { convolutionSpec, createContext, denseSpec, prepare, randomNormal } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { dropsBelow } from '../../support/noise.ts';
import { createNumbers } from '../../support/numbers.ts';

beforeAll(useCpuBackend);

function createMethod(settings: Partial<TargetedSettings>) {
  const method = createTargeted({
    name: 'targeted',
    granularity: 'weight',
    dropRate: 0.5,
    targetRate: 0.5,
    perEntry: false,
    l1: 0,
    ...settings,
  });
  const effective = (context: WeightContext) => withoutSignedZeros(method.effectiveWeight?.(context));
  return { method, effective };
}

/** A dropped negative weight is −0, which `toEqual` tells from 0. */
function withoutSignedZeros(tensor: tf.Tensor | undefined): number[] {
  return [...(tensor?.dataSync() ?? [])].map((value) => value + 0);
}

const zeros = (values: readonly number[]): number => values.filter((value) => value === 0).length;

describe('targeted weight dropout', () => {
  const spec = denseSpec(4, 2);
  const weight = () => tf.tensor2d([0.5, -9, -4, 8, 3, 7, -2, -6], [4, 2]);

  it('drops the candidates that the noise drops and rescales nothing', () => {
    const { method, effective } = createMethod({ dropRate: 0.6, targetRate: 0.5 });
    const context = createContext(method, spec, weight(), createNumbers(1));
    // Candidates: 0.5 and −2 in the first column, 7 and −6 in the second.
    const noise = { drop: dropsBelow(0.6, [0.59, 0, 0, 0, 0, 0.6, 0.7, 0.1], [4, 2]) };
    expect(effective(prepare(method, { ...context, noise }))).toEqual([0, -9, -4, 8, 3, 7, -2, 0]);
  });

  it('with alpha 1 drops exactly floor(gamma · n) entries of each column', () => {
    const { method, effective } = createMethod({ dropRate: 1, targetRate: 0.75 });
    const large = randomNormal([3, 3, 5, 4], createNumbers(2));
    const context = createContext(method, convolutionSpec([3, 3, 5, 4], 6), large, createNumbers(3));
    const values = effective(context);
    for (let column = 0; column < 4; column++) {
      expect(zeros(values.filter((_, index) => index % 4 === column))).toBe(33);
    }
  });

  it('with gamma 1 is unscaled dropout of every entry, with gamma 0 or alpha 0 nothing', () => {
    const context = (settings: Partial<TargetedSettings>) => {
      const { method, effective } = createMethod(settings);
      return effective(createContext(method, spec, weight(), createNumbers(4)));
    };
    const plain = [...weight().dataSync()];
    const noise = [...createNumbers(4).uniform(8)];
    expect(context({ targetRate: 1, dropRate: 1 })).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(context({ targetRate: 1, dropRate: 0.5 })).toEqual(
      plain.map((value, index) => (Number(noise[index]) < 0.5 ? 0 : value)),
    );
    expect(context({ targetRate: 0, dropRate: 1 })).toEqual(plain);
    expect(context({ targetRate: 1, dropRate: 0 })).toEqual(plain);
  });

  it('drops alpha · gamma of the entries over many draws, and never one that is no candidate', () => {
    const { method, effective } = createMethod({ dropRate: 0.66, targetRate: 0.75 });
    const numbers = createNumbers(5);
    const wide = tf.tensor2d(
      Float32Array.from({ length: 120 }, (_, index) => Math.floor(index / 3) + 1),
      [40, 3],
    );
    const draws = 300;
    let dropped = 0;
    for (let draw = 0; draw < draws; draw++) {
      const values = effective(createContext(method, denseSpec(40, 3), wide, numbers));
      dropped += zeros(values);
      expect(values.slice(30 * 3)).toEqual([...wide.dataSync()].slice(30 * 3));
    }
    // 90 candidates × 300 draws: standard error of the share of all entries 0.75 · 0.0029.
    expect(Math.abs(dropped / (draws * 120) - 0.66 * 0.75)).toBeLessThan(4 * 0.75 * 0.0029);
  });

  it('gives dropped entries a gradient of exactly zero and kept ones the plain gradient', () => {
    const { method } = createMethod({ dropRate: 0.5, targetRate: 0.75 });
    const numbers = createNumbers(6);
    const shape = [3, 3, 2, 4] as const;
    const kernel = randomNormal(shape, numbers);
    const context = createContext(method, convolutionSpec(shape, 3), kernel, numbers);
    const slope = randomNormal(shape, numbers);
    const gradient = tf.grad((w) =>
      tf.sum(tf.mul(slope, method.effectiveWeight?.({ ...context, weight: w }) ?? w)),
    )(kernel);
    const mask = [...(context.prepared.mask?.dataSync() ?? [])];
    expect(new Set(mask)).toEqual(new Set([0, 1]));
    const expected = [...slope.dataSync()].map((value, index) => (mask[index] === 0 ? 0 : value));
    expect(withoutSignedZeros(gradient)).toEqual(expected);
  });
});

describe('targeted unit dropout', () => {
  // Norms 5, 13, 1, 5.1: the two lowest columns are the first and the third.
  const spec = denseSpec(2, 4);
  const weight = () => tf.tensor2d([3, 5, 1, 5.1, -4, 12, 0.5, 2], [2, 4]);

  it('drops whole low-norm columns, one draw each', () => {
    const { method, effective } = createMethod({ granularity: 'unit', dropRate: 0.5 });
    expect(method.noise?.(spec, 8)).toEqual({
      drop: { shape: [4], distribution: 'bernoulli', probability: 0.5 },
    });
    const context = createContext(method, spec, weight(), createNumbers(1));
    const noise = { drop: dropsBelow(0.5, [0.4, 0, 0.6, 0], [4]) };
    expect(effective(prepare(method, { ...context, noise }))).toEqual([
      0,
      5,
      1,
      Math.fround(5.1),
      0,
      12,
      0.5,
      2,
    ]);
  });

  it('with alpha 1 drops exactly floor(gamma · filters) filters, those of lowest norm', () => {
    const { method, effective } = createMethod({ granularity: 'unit', dropRate: 1, targetRate: 0.7 });
    const shape = [3, 3, 2, 8] as const;
    const kernel = randomNormal(shape, createNumbers(2));
    const values = effective(createContext(method, convolutionSpec(shape, 4), kernel, createNumbers(3)));
    const filters = (all: readonly number[]) =>
      Array.from({ length: 8 }, (_, filter) => all.filter((_, index) => index % 8 === filter));
    const norms = filters([...kernel.dataSync()]).map((filter) => Math.hypot(...filter));
    const kept = [...norms].sort((a, b) => a - b).slice(5);
    filters(values).forEach((filter, index) => {
      expect(zeros(filter)).toBe(kept.includes(Number(norms[index])) ? 0 : 18);
    });
  });

  it('drops alpha · gamma of the columns over many draws', () => {
    const { method } = createMethod({ granularity: 'unit', dropRate: 0.5, targetRate: 0.5 });
    const numbers = createNumbers(7);
    const kernel = randomNormal([6, 40], numbers);
    let dropped = 0;
    for (let draw = 0; draw < 300; draw++) {
      const context = createContext(method, denseSpec(6, 40), kernel, numbers);
      dropped += zeros([...(context.prepared.mask?.dataSync() ?? [])]);
    }
    // 20 candidates × 300 draws.
    expect(Math.abs(dropped / (300 * 40) - 0.25)).toBeLessThan(4 * 0.5 * 0.0065);
  });

  it('gives every entry of a dropped column a gradient of exactly zero', () => {
    const { method } = createMethod({ granularity: 'unit', dropRate: 1, targetRate: 0.5 });
    const kernel = weight();
    const context = createContext(method, spec, kernel, createNumbers(1));
    const gradient = tf.grad((w) => tf.sum(method.effectiveWeight?.({ ...context, weight: w }) ?? w))(kernel);
    expect([...gradient.dataSync()]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
  });

  it('per entry draws inside low-norm columns only', () => {
    const { method, effective } = createMethod({ granularity: 'unit', dropRate: 0.5, perEntry: true });
    expect(method.noise?.(spec, 8)).toEqual({
      drop: { shape: [2, 4], distribution: 'bernoulli', probability: 0.5 },
    });
    const context = createContext(method, spec, weight(), createNumbers(1));
    const noise = { drop: dropsBelow(0.5, [0.4, 0, 0.6, 0, 0.6, 0, 0.4, 0], [2, 4]) };
    expect(effective(prepare(method, { ...context, noise }))).toEqual([
      0,
      5,
      1,
      Math.fround(5.1),
      -4,
      12,
      0,
      2,
    ]);
  });
});

describe('evaluation', () => {
  it('uses the weight itself and ranks by magnitude', () => {
    const { method } = createMethod({});
    expect(method.evaluationWeight).toBeUndefined();
    expect(method.importance).toBeUndefined();
    expect(method.penalty).toBeUndefined();
  });
});
