/** @file Points in training: epochs and steps. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { parsePoint, stepsUntil } from '../../src/settings/point.ts';

describe('a point in training', () => {
  it('counts a plain number and "ep" in epochs, "it" in steps', () => {
    expect(parsePoint(12)).toEqual({ amount: 12, unit: 'epoch' });
    expect(parsePoint('12')).toEqual({ amount: 12, unit: 'epoch' });
    expect(parsePoint('2.5ep')).toEqual({ amount: 2.5, unit: 'epoch' });
    expect(parsePoint('2000it')).toEqual({ amount: 2000, unit: 'step' });
    expect(parsePoint(1e-7)).toEqual({ amount: 1e-7, unit: 'epoch' });
  });

  it('lies at epochs times the steps of an epoch, rounded to a whole step', () => {
    // 60,000 images in batches of 128 are 469 steps an epoch.
    expect(stepsUntil(parsePoint(12), 469)).toBe(5628);
    expect(stepsUntil(parsePoint('0.5ep'), 469)).toBe(235);
    expect(stepsUntil(parsePoint('2000it'), 469)).toBe(2000);
    expect(stepsUntil(parsePoint(0), 469)).toBe(0);
  });

  it.each(['', 'ep', '-1', '12 ep', '2.5it', '12epochs', 'it12', -1, Number.NaN])('refuses %j', (text) => {
    expect(() => parsePoint(text)).toThrow(UserError);
    expect(() => parsePoint(text)).toThrow('expected epochs (12 or "12ep") or steps ("2000it")');
  });
});
