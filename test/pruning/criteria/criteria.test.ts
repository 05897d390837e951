/** @file Each criterion on numbers small enough to work out by hand. */
import { describe, expect, it } from 'vitest';
import { parseCriterion } from '../../../src/pruning/criteria/criterion.ts';
import { criteria } from '../../../src/pruning/criteria/registry.ts';
import type { RankedWeight } from '../../../src/pruning/criteria/types.ts';

/** Columns (3, −1) and (0.5, 4), as a matrix of two inputs and two units. */
const weight = Float32Array.of(3, 0.5, -1, 4);
const first: RankedWeight = {
  name: 'first/kernel',
  shape: [2, 2],
  weight,
  sensitivity: {
    gradient: Float32Array.of(0.1, -2, 0.2, 0.1),
    squaredEntries: Float32Array.of(0.5, 0.25, 1, 2),
    squaredColumns: Float32Array.of(0.75, 0.125),
    product: Float32Array.of(1, 2, 3, -1),
  },
};

function scoresOf(name: string, granularity: 'weight' | 'unit'): number[] {
  return [...criteria.get(name).score(first, granularity, 0)];
}

function expectScores(name: string, weights: readonly number[], units: readonly number[]): void {
  for (const [granularity, expected] of [
    ['weight', weights],
    ['unit', units],
  ] as const)
    for (const [index, score] of scoresOf(name, granularity).entries())
      expect(score).toBeCloseTo(expected[index] ?? Number.NaN, 6);
  expect(scoresOf(name, 'weight')).toHaveLength(4);
  expect(scoresOf(name, 'unit')).toHaveLength(2);
}

describe('the score', () => {
  it('of magnitude is |w|, and of a unit the root mean square of its column', () => {
    expectScores('magnitude', [3, 0.5, 1, 4], [Math.sqrt((9 + 1) / 2), Math.sqrt((0.25 + 16) / 2)]);
    expectScores('global-magnitude', [3, 0.5, 1, 4], [Math.sqrt(5), Math.sqrt(8.125)]);
  });

  it('of SNIP is |w · ∂L/∂w|, and of a unit the size of their sum', () => {
    // Products 0.3, −1, −0.2, 0.4; columns 0.3 − 0.2 and −1 + 0.4.
    expectScores('snip', [0.3, 1, 0.2, 0.4], [0.1, 0.6]);
  });

  it('of the Taylor expansion is the mean square of what removal changes', () => {
    expectScores('taylor', [0.5, 0.25, 1, 2], [0.75, 0.125]);
  });

  it('of GraSP is w · H g with its sign: what would raise the norm of the gradient goes first', () => {
    expectScores('grasp', [3, 1, -3, -4], [0, -3]);
  });

  it('of the random criterion depends on seed and layer alone', () => {
    const { score } = criteria.get('random');
    expect(scoresOf('random', 'weight')).toEqual(scoresOf('random', 'weight'));
    expect([...score(first, 'weight', 1)]).not.toEqual(scoresOf('random', 'weight'));
    expect([...score({ ...first, name: 'other' }, 'weight', 0)]).not.toEqual(scoresOf('random', 'weight'));
  });
});

describe('a criterion', () => {
  const second: RankedWeight = {
    name: 'second/kernel',
    shape: [3, 2],
    weight: Float32Array.of(10, 20, 30, 40, 50, 60),
  };

  function keep(text: string, rate: number, asked: object = {}, granularity: 'weight' | 'unit' = 'weight') {
    const kept = parseCriterion({ name: text, ...asked })?.keep([first, second], granularity, rate, 0);
    return [...(kept?.values() ?? [])].map((mask) => [...mask]);
  }

  it('with the budget of a layer takes the same share of each', () => {
    expect(keep('magnitude', 0.5, { budget: 'layer' })).toEqual([
      [1, 0, 0, 1],
      [0, 0, 0, 1, 1, 1],
    ]);
  });

  it('with a global budget takes the lowest of all', () => {
    // floor(0.5 · 10) = 5: all four of the first layer, and one of the second.
    expect(keep('global-magnitude', 0.5)).toEqual([
      [0, 0, 0, 0],
      [0, 1, 1, 1, 1, 1],
    ]);
  });

  it('leaves a floor in each layer, for which another layer loses more', () => {
    expect(keep('global-magnitude', 0.5, { keepAtLeast: 0.25 })).toEqual([
      [0, 0, 0, 1],
      [0, 0, 1, 1, 1, 1],
    ]);
    // Three quarters of each: 3 of 4, and 4.5 of 6, rounded up.
    expect(keep('global-magnitude', 0.9, { keepAtLeast: 0.75 })).toEqual([
      [1, 0, 1, 1],
      [0, 1, 1, 1, 1, 1],
    ]);
  });

  it('takes whole columns of units', () => {
    expect(keep('global-magnitude', 0.25, {}, 'unit')).toEqual([
      [0, 1, 0, 1],
      [1, 1, 1, 1, 1, 1],
    ]);
  });

  it('takes of equal scores those that come first, just as many as are asked for', () => {
    const even = { ...second, weight: new Float32Array(6).fill(1) };
    const kept = parseCriterion({ name: 'global-magnitude' })?.keep([even], 'weight', 0.5, 0);
    expect([...(kept?.get('second/kernel') ?? [])]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('by N:M keeps the N largest of every M neighbouring inputs, tap by tap', () => {
    // One unit, two taps of five inputs: groups of four, and one of one.
    const convolution: RankedWeight = {
      name: 'conv/kernel',
      shape: [2, 1, 5, 1],
      weight: Float32Array.of(1, -9, 3, 2, 0.1, 5, 6, 7, -8, 0.2),
    };
    const criterion = parseCriterion({ name: 'nm:2:4' });
    expect(criterion?.rate).toBe(0.5);
    const kept = criterion?.keep([convolution], 'weight', 0.5, 0).get('conv/kernel');
    expect([...(kept ?? [])]).toEqual([0, 1, 1, 0, 1, 0, 0, 1, 1, 1]);
    expect(() => criterion?.keep([convolution], 'unit', 0.5, 0)).toThrow('prunes weights, not units');
  });

  it('is told from others by its name, its budget where it is not the usual one, its floor, and how many images it looks at', () => {
    const idOf = (name: string, asked: object = {}) => parseCriterion({ name, ...asked })?.id;
    expect(idOf('magnitude')).toBeUndefined();
    expect(idOf('magnitude', { budget: 'layer' })).toBe('magnitude-layer');
    expect(idOf('taylor')).toBe('taylor');
    expect(idOf('taylor', { budget: 'layer', keepAtLeast: 0.05 })).toBe('taylor-layer-keep-0.05');
    expect(idOf('taylor', { images: 1000 })).toBe('taylor');
    expect(idOf('snip', { keepAtLeast: 0.05, images: 200 })).toBe('snip-keep-0.05-images-200');
    expect(idOf('nm:1:4')).toBe('nm-1-4');
  });
});
