/** @file Checks the order of names. */
import { describe, expect, it } from 'vitest';
import { compareByList, compareNaturally } from '../src/order.ts';

describe('order', () => {
  it('takes numbers inside names as numbers', () => {
    expect(['lenet-300', 'lenet-5', 'l1', 'l10', 'l2'].sort(compareNaturally)).toEqual([
      'l1',
      'l2',
      'l10',
      'lenet-5',
      'lenet-300',
    ]);
  });

  it.each([
    ['fractions', ['0.05', '0.1', '0.25', '0.5', '0.75', '0.9', '1', '10']],
    ['exponents', ['1e-7', '0.00001', '1e-4', '0.001', '0.5', '2', '1e+21']],
    ['signs', ['-10', '-1', '-0.5', '-0.25', '-1e-4', '0', '0.5']],
    ['words beside numbers', ['0.5', '1e-4x', 'auto']],
    [
      'fractions in names',
      [
        'targeted-weight',
        'targeted-weight-0.33-0.75',
        'targeted-weight-0.5-0.5',
        'targeted-weight-0.66-0.05',
      ],
    ],
    [
      'names of a grid',
      [
        'targeted--dropRate-0.33--targetRate-0.5',
        'targeted--dropRate-0.33--targetRate-0.75',
        'targeted--dropRate-0.33--targetRate-0.9',
        'targeted--dropRate-0.66--targetRate-0.5',
      ],
    ],
    ['negative values of a grid', ['made-up--shift--10', 'made-up--shift--0.5', 'made-up--shift-0.25']],
    ['whole numbers behind a dash', ['run-9', 'run-10', 'seed-2-1a', 'seed-10-0b']],
    ['decimal numbers behind a letter', ['l1-1e-4', 'l1-0.001', 'v1.10', 'v1.9']],
    ['versions', ['td-1.9.0', 'td-1.10.0', 'td-1.10.2', 'td-2']],
  ])('takes numbers as what they are: %s', (_, ordered) => {
    const mixed = [ordered, ordered.toReversed()].map((names) => names.toSorted(compareNaturally));
    expect(mixed).toEqual([ordered, ordered]);
  });

  it('tells names apart that say the same numbers', () => {
    expect(Math.sign(compareNaturally('a-0.5', 'a-0.50'))).toBe(-1);
    expect(Math.sign(compareNaturally('a-0.50', 'a-0.5'))).toBe(1);
    expect(compareNaturally('a-0.5', 'a-0.5')).toBe(0);
  });

  it('follows a list first and puts other names after it', () => {
    const names = ['b', 'none', 'a', 'targeted'];
    expect(names.sort(compareByList(['targeted', 'none']))).toEqual(['targeted', 'none', 'a', 'b']);
  });
});
