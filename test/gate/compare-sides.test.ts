/** @file Two runs or sweeps side by side. */
import { describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { compareCurves, compareSettings, type Side } from '../../src/gate/compare-sides.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';

function side(accuracies: Readonly<Record<string, number | readonly number[]>>): Side {
  return { settings: undefined, rows: new SweepRows().add('none', { name: 'none' }, accuracies).rows };
}

describe('a comparison', () => {
  it('names each setting that differs, those that one of the two has not among them', () => {
    const a = runSettingsSchema.parse({ schedule: { epochs: 3 } });
    const b = runSettingsSchema.parse({
      schedule: { epochs: 5 },
      regularizer: { name: 'l1', coefficient: 2 },
    });
    const differences = new Map(compareSettings(a, b).map(({ path, ...values }) => [path, values]));
    expect(differences.get('schedule.epochs')).toEqual({ a: 3, b: 5 });
    expect(differences.get('regularizer.name')).toEqual({ a: 'none', b: 'l1' });
    expect(differences.get('regularizer.coefficient')).toEqual({ b: 2 });
    expect(differences.has('schedule.batchSize')).toBe(false);
    expect(compareSettings(a, a)).toEqual([]);
  });

  it("gives one run Wilson's interval for its test images, and several seeds Student's", () => {
    const [curve] = compareCurves(side({ 0: 0.9 }), side({ 0: [0.9, 0.92] }));
    const { a, b } = curve?.rates[0] ?? {};
    // 0.9 of 10,000: centre (0.9 + 1.9207/10000) / (1 + 3.8415/10000), half-width 0.00588.
    expect(a?.low).toBeCloseTo(0.893966, 5);
    expect(a?.high).toBeCloseTo(0.905727, 5);
    // t(0.975, 1) = 12.706; the mean's deviation is 0.01.
    expect(b?.mean).toBeCloseTo(0.91, 12);
    expect(b?.low).toBeCloseTo(0.91 - 0.12706, 4);
    expect(b?.high).toBe(1);
  });

  it('says between which common rates they cross, whatever ties lie between', () => {
    const a = side({ 0: 0.9, 0.5: 0.8, 0.7: 0.6, 0.8: 0.5, 0.9: 0.3, 0.95: 0.2 });
    const b = side({ 0: 0.85, 0.5: 0.79, 0.7: 0.6, 0.8: 0.55, 0.9: 0.2, 0.99: 0.1 });
    const [curve] = compareCurves(a, b);
    expect(curve?.rates.map(({ pruneRate }) => pruneRate)).toEqual([0, 0.5, 0.7, 0.8, 0.9]);
    expect(curve?.crossings).toEqual([
      { from: 0.5, to: 0.8, ahead: 'b' },
      { from: 0.8, to: 0.9, ahead: 'a' },
    ]);
  });
});
