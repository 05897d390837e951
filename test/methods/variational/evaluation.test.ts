/** @file What evaluation and pruning use of a network trained with variational dropout. */
import { describe, expect, it } from 'vitest';
import { createVariational } from '../../../src/methods/variational/regularizer.ts';
import { denseSpec } from '../../support/contexts.ts';

function createMethod({ threshold = 3 } = {}) {
  return createVariational({
    name: 'variational',
    granularity: 'weight',
    klScale: 1,
    dataCount: 1,
    warmupSteps: 0,
    initialLogVariance: -10,
    threshold,
    perEntry: false,
  });
}

describe('evaluation', () => {
  const host = {
    spec: denseSpec(2, 3),
    weight: Float32Array.of(1, -2, 0.01, 0.5, 3, -0.01),
    // log alpha: 0, −log 4, −10 + 9.21, 2 + 1.386, 3 − 2.197, 10 + 9.21 (less the guard against log 0)
    state: { logVariance: Float32Array.of(0, 0, -10, 2, 3, 10) },
  };

  it('zeroes weights with log alpha at or above the threshold', () => {
    const evaluated = createMethod().evaluationWeight?.(host);
    expect([...(evaluated ?? [])]).toEqual([1, -2, Math.fround(0.01), 0, 3, 0]);
    const strict = createMethod({ threshold: -1 }).evaluationWeight?.(host);
    expect([...(strict ?? [])]).toEqual([0, -2, 0, 0, 0, 0]);
    const atThreshold = { ...host, weight: Float32Array.of(2), state: { logVariance: Float32Array.of(20) } };
    const exactly = 20 - Math.log(4 + 1e-8);
    const float = Math.fround(exactly);
    expect([...(createMethod({ threshold: float }).evaluationWeight?.(atThreshold) ?? [])]).toEqual([0]);
  });

  it('ranks weights by −log alpha, without ties beyond the bound of training', () => {
    const scores = [...(createMethod().importance?.(host, 'weight') ?? [])];
    const expected = [
      0,
      Math.log(4),
      10 + Math.log(1e-4),
      Math.log(0.25) - 2,
      Math.log(9) - 3,
      Math.log(1e-4) - 10,
    ];
    scores.forEach((score, index) => {
      expect(score).toBeCloseTo(Number(expected[index]), 3);
    });
    expect(Math.min(...scores)).toBeLessThan(-8);
  });

  it('ranks units by the norm of what evaluation uses of them', () => {
    const scores = createMethod().importance?.(host, 'unit');
    // Columns (1, 0), (−2, 3), (0.01, 0).
    expect([...(scores ?? [])]).toEqual([1, Math.fround(Math.sqrt(13)), Math.fround(0.01)]);
  });
});
