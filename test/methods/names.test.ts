/** @file Checks under which names and in which order methods stand in tables. */
import { describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { compareMethods, describeMethod, methodOf } from '../../src/methods/names.ts';

const method = (regularizer: object) => methodOf(runSettingsSchema.parse({ regularizer }).regularizer);
const word = (regularizer: object) => describeMethod(method(regularizer));

describe('describeMethod', () => {
  it('has alpha before gamma, and the defaults of the paper where nothing is set', () => {
    expect(word({ name: 'targeted', granularity: 'unit', dropRate: 0.5, targetRate: 0.9 })).toBe(
      'targeted(0.5, 0.9)',
    );
    expect(word({ name: 'ramping', granularity: 'weight' })).toBe('ramping-targeted(0.99, 0.99)');
    expect(word({ name: 'ramping', granularity: 'unit' })).toBe('ramping-targeted(0.99, 0.9)');
  });

  it('has the rate or the coefficient where there is one number, none where there is none', () => {
    expect(word({ name: 'none' })).toBe('none');
    expect(word({ name: 'dropout', granularity: 'weight', dropRate: 0.25 })).toBe('dropout(0.25)');
    expect(word({ name: 'smallify', granularity: 'weight' })).toBe('smallify(1e-5)');
    expect(word({ name: 'l0', granularity: 'unit' })).toBe('l0(0.01)');
    expect(word({ name: 'random-prune', granularity: 'weight', targetRate: 0.9 })).toBe('random-prune(0.9)');
  });

  it('says what is not the method of the paper', () => {
    expect(word({ name: 'variational' })).toBe('variational');
    expect(word({ name: 'variational', klScale: 1 })).toBe('variational, KL × 1');
    expect(word({ name: 'l1', coefficient: 0.1, reduction: 'sum' })).toBe('l1(0.1), plain norm');
    expect(word({ name: 'targeted', granularity: 'unit', perEntry: true })).toBe(
      'targeted(0.66, 0.75), per entry',
    );
    expect(word({ name: 'targeted', granularity: 'unit', l1: 0.1 })).toBe('targeted + l1(0.66, 0.75, 0.1)');
  });
});

describe('compareMethods', () => {
  it('orders columns as the paper does: targeted ones by gamma, then by alpha', () => {
    const targeted = (dropRate: number, targetRate: number) =>
      method({ name: 'targeted', granularity: 'weight', dropRate, targetRate });
    const paper = [
      method({ name: 'none' }),
      method({ name: 'dropout', granularity: 'weight', dropRate: 0.25 }),
      targeted(0.5, 0.5),
      targeted(0.33, 0.75),
      targeted(0.66, 0.75),
      targeted(0.75, 0.9),
      method({ name: 'variational' }),
      method({ name: 'l1' }),
      method({ name: 'l0', granularity: 'weight' }),
    ];
    expect(paper.toReversed().toSorted(compareMethods)).toEqual(paper);
  });
});
