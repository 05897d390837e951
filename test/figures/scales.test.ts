import { describe, expect, it } from 'vitest';
import { KEPT, LINEAR, LOGIT, spanAxis, spanDecades, spanEvenly } from '../../src/figures/charts/scales.ts';

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

describe('an even axis of shares', () => {
  it.each([
    [[0.1489, 0.7391], { min: 0.1, max: 0.8, interval: 0.1 }],
    [[0.3, 0.64], { min: 0.3, max: 0.65, interval: 0.05 }],
    [[0.1, 0.3], { min: 0.1, max: 0.3, interval: 0.05 }],
    [[0.97, 0.9861], { min: 0.97, max: 0.99, interval: 0.005 }],
    [[0, 1], { min: 0, max: 1, interval: 0.2 }],
    [[0.83, 1], { min: 0.8, max: 1, interval: 0.05 }],
    [[0.85], { min: 0.844, max: 0.856, interval: 0.002 }],
    [[1], { min: 0.995, max: 1, interval: 0.001 }],
    [[0], { min: 0, max: 0.005, interval: 0.001 }],
  ])('that has to hold %j goes from tick to tick', (shares, expected) => {
    expect(spanEvenly(shares)).toEqual(expected);
  });

  it('has even ticks within 0 and 1, and all shares between its ends', () => {
    for (let low = 0; low <= 100; low += 3)
      for (let high = low; high <= 100; high += 7) {
        const { min, max, interval } = spanEvenly([low / 100, high / 100]);
        expect(min).toBeGreaterThanOrEqual(0);
        expect(max).toBeLessThanOrEqual(1);
        expect(min).toBeLessThanOrEqual(low / 100);
        expect(max).toBeGreaterThanOrEqual(high / 100);
        expect(Math.abs((max - min) / interval - Math.round((max - min) / interval))).toBeLessThan(1e-9);
        expect((max - min) / interval).toBeLessThan(7.5);
      }
  });
});

describe('a logarithmic axis', () => {
  it('goes from one power of ten to another', () => {
    expect(spanDecades([0.03, 2.3])).toEqual({ min: 0.01, max: 10 });
    expect(spanDecades([1])).toEqual({ min: 1, max: 10 });
  });
});
