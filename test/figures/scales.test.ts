import { describe, expect, it } from 'vitest';
import { KEPT, LINEAR, LOGIT, spanAxis } from '../../src/figures/charts/scales.ts';

describe('a scale', () => {
  it('is even, the logarithm of the odds, or that of how often what is kept goes into the whole', () => {
    expect(LINEAR.place(0.37)).toBe(0.37);
    expect(LOGIT.place(0.5)).toBeCloseTo(0, 12);
    expect(LOGIT.place(0.99)).toBeCloseTo(Math.log10(99), 12);
    expect(LOGIT.place(0.01)).toBeCloseTo(-Math.log10(99), 12);
    expect(KEPT.place(0)).toBe(0);
    expect(KEPT.place(0.9)).toBeCloseTo(1, 12);
    expect(KEPT.place(0.99)).toBeCloseTo(2, 12);
    expect(KEPT.place(0.5)).toBeCloseTo(Math.log10(2), 12);
  });

  it('has a place for all and nothing, which no logarithm has', () => {
    for (const scale of [LOGIT, KEPT])
      for (const share of [0, 1]) expect(Number.isFinite(scale.place(share))).toBe(true);
    expect(LOGIT.place(1)).toBeGreaterThan(LOGIT.place(0.999));
    expect(KEPT.place(1)).toBeGreaterThan(KEPT.place(0.999));
  });
});

describe('an axis', () => {
  it('goes from the tick below the lowest value to the tick above the highest', () => {
    const { min, max, ticks } = spanAxis(LINEAR, [0.23, 0.71]);
    expect([min, max]).toEqual([0.2, 0.8]);
    expect(ticks).toEqual([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]);
  });

  it('names its ticks by their shares, wherever they stand', () => {
    const { ticks, nameTick } = spanAxis(KEPT, [0, 0.99]);
    expect(ticks.map(nameTick)).toEqual(['0 %', '50 %', '80 %', '90 %', '95 %', '98 %', '99 %']);
    const logit = spanAxis(LOGIT, [0.97, 0.993]);
    expect(logit.ticks.map(logit.nameTick)).toEqual(['95 %', '98 %', '99 %', '99.5 %']);
  });

  it('reaches beyond its ticks to values that lie there', () => {
    const { min, max } = spanAxis(LOGIT, [0.001, 0.99999]);
    expect(min).toBeCloseTo(Math.log10(0.001 / 0.999), 12);
    expect(max).toBe(LOGIT.place(1));
  });
});
