/** @file Targeted dropout and pruning of a tensor, against plain arrays. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { targetedDropout, targetedPrune } from '../../src/library/functions.ts';
import { scoresOf } from '../../src/pruning/criteria.ts';
import { pruneWeight } from '../../src/pruning/prune.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import { lowColumns, lowEntries, normal, without } from './by-hand.ts';

beforeAll(useCpuBackend);

const COLUMNS = 5;
/** `[3, 2, 4, 5]`: a filter bank, whose columns have 24 entries. */
const bank = () => normal([3, 2, 4, COLUMNS], 1);
/** Without the sign of zeros: a negative entry that is dropped is −0. */
const numbersOf = (tensor: tf.Tensor) => [...tensor.dataSync()].map((value) => value + 0);
const LOW = { weight: lowEntries, unit: lowColumns } as const;

describe.each(['weight', 'unit'] as const)('by %s', (granularity) => {
  it.each([0, 0.3, 0.5, 0.99, 1])('a share of %d is pruned as by hand, and as td prunes', (rate) => {
    const weight = bank();
    const numbers = numbersOf(weight);
    const pruned = numbersOf(targetedPrune(weight, { granularity, rate }));
    expect(pruned).toEqual(without(numbers, LOW[granularity](numbers, COLUMNS, rate)));
    const host = Float32Array.from(numbers);
    const scores = scoresOf(host, weight.shape, granularity);
    expect(pruned).toEqual([...pruneWeight(host, weight.shape, scores, granularity, rate).weight]);
  });

  it('candidates are dropped for sure at drop rate 1, and the rest keeps its size', () => {
    const weight = bank();
    const numbers = numbersOf(weight);
    const dropped = numbersOf(targetedDropout(weight, { granularity, dropRate: 1, targetRate: 0.5 }));
    expect(dropped).toEqual(without(numbers, LOW[granularity](numbers, COLUMNS, 0.5)));
  });

  it('candidates alone are dropped, with the probability that is asked for', () => {
    const weight = normal([40, 50], 2);
    const numbers = numbersOf(weight);
    const candidates = LOW[granularity](numbers, 50, 0.6);
    let [droppedCandidates, seen] = [0, 0];
    for (let step = 0; step < 40; step++) {
      const options = { granularity, dropRate: 0.3, targetRate: 0.6, seed: 4, step };
      const dropped = numbersOf(targetedDropout(weight, options));
      dropped.forEach((value, index) => {
        if (!candidates[index]) expect(value).toBe(numbers[index]);
        else {
          seen++;
          if (value === 0) droppedCandidates++;
        }
      });
    }
    // Of 40 steps with 30 candidates each (unit) the standard deviation is 0.013.
    expect(seen).toBe(40 * 40 * 30);
    expect(Math.abs(droppedCandidates / seen - 0.3)).toBeLessThan(0.05);
  });

  it('gradients pass through what is kept, and stop at what is dropped', () => {
    const weight = bank();
    const options = { granularity, dropRate: 0.5, targetRate: 0.7, seed: 2 };
    const factors = normal(weight.shape, 3);
    const gradient = tf.grad((tensor: tf.Tensor) =>
      tf.sum(tf.mul(targetedDropout(tensor, options), factors)),
    );
    const isDropped = numbersOf(targetedDropout(weight, options)).map((value) => value === 0);
    expect(isDropped).toContain(true);
    expect(numbersOf(gradient(weight))).toEqual(without(numbersOf(factors), isDropped));
  });

  it('gradients pass through what pruning keeps, and stop at what it removes', () => {
    const weight = bank();
    const factors = normal(weight.shape, 3);
    const prune = (tensor: tf.Tensor) => targetedPrune(tensor, { rate: 0.6, granularity });
    const gradient = tf.grad((tensor: tf.Tensor) => tf.sum(tf.mul(prune(tensor), factors)));
    const isRemoved = numbersOf(prune(weight)).map((value) => value === 0);
    expect(isRemoved).toContain(true);
    expect(numbersOf(gradient(weight))).toEqual(without(numbersOf(factors), isRemoved));
  });
});

it('a mask depends on seed, step and name alone', () => {
  const weight = bank();
  const mask = (drawn: object) =>
    numbersOf(targetedDropout(weight, { dropRate: 0.5, targetRate: 1, ...drawn }));
  expect(mask({ seed: 1, step: 2, name: 'a' })).toEqual(mask({ seed: 1, step: 2, name: 'a' }));
  const masks = [{}, { seed: 1 }, { step: 1 }, { name: 'other' }].map((drawn) => mask(drawn).join());
  expect(new Set(masks).size).toBe(4);
});

it('an option that is undefined is one that is absent', () => {
  const weight = bank();
  const undefinedOptions = { granularity: undefined, dropRate: undefined, seed: undefined } as object;
  expect(numbersOf(targetedDropout(weight, undefinedOptions))).toEqual(numbersOf(targetedDropout(weight)));
});

it('nothing is left behind in memory but the results', () => {
  const weight = bank();
  const before = tf.memory().numTensors;
  const results = [targetedDropout(weight), targetedPrune(weight, { rate: 0.5 })];
  expect(tf.memory().numTensors).toBe(before + results.length);
});

describe('a mistake', () => {
  const weight = () => tf.ones([2, 2]);

  it.each([
    [() => targetedDropout(weight(), { dropRate: 1.5 }), 'dropRate is 1.5, expected a number from 0 to 1'],
    [() => targetedDropout(weight(), { targetRate: -1 }), 'targetRate is -1, expected a number from 0 to 1'],
    [() => targetedPrune(weight(), { rate: Number.NaN }), 'rate is NaN, expected a number from 0 to 1'],
    [
      () => targetedPrune(weight(), { rate: 0.5, granularity: 'units' as 'unit' }),
      'granularity is "units", expected "weight" or "unit"',
    ],
    [() => targetedDropout(weight(), { seed: 0.5 }), 'seed is 0.5, expected an integer from 0'],
    [() => targetedDropout(weight(), { step: -1 }), 'step is -1, expected an integer from 0'],
    [() => targetedDropout(weight(), { seed: '3' as never }), 'seed is "3", expected an integer from 0'],
    [() => targetedDropout(weight(), { name: 7 as never }), 'name is 7, expected text'],
    [
      () => targetedDropout(weight(), null as never),
      'the options of targetedDropout are null, expected an object',
    ],
    [
      () => targetedDropout(weight(), { gamma: 0.9 } as object),
      'targetedDropout has no option "gamma", expected one of: granularity, dropRate, targetRate, seed, step, name',
    ],
    [() => targetedPrune(weight(), undefined as never), 'rate is missing, expected a number from 0 to 1'],
    [() => targetedPrune(weight(), { rate: '0.5' as never }), 'rate is "0.5", expected a number from 0 to 1'],
    [
      () => targetedPrune(weight(), { rate: 0.5, granularty: 'unit' } as never),
      'targetedPrune has no option "granularty", expected one of: granularity, rate',
    ],
    [
      () => targetedPrune([1, 2] as never, { rate: 0 }),
      'the weight is a list of 2, expected a tensor of tfjs',
    ],
    [() => targetedPrune(tf.scalar(1), { rate: 0 }), 'the weight is a scalar, expected at least one axis'],
  ])('is refused with what was expected', (call, sentence) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(sentence);
  });
});
