/** @file Prune rates: numbers, the paper's grid, stepped ranges, and what is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { parsePruneRates } from '../../src/pruning/rates.ts';

describe('parsePruneRates', () => {
  it('takes a range of two numbers as the grid of the paper, cut to the range', () => {
    expect(parsePruneRates('0:0.99')).toEqual([
      0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99,
    ]);
    expect(parsePruneRates('0.55:0.95')).toEqual([0.6, 0.7, 0.8, 0.9, 0.95]);
    expect(parsePruneRates('0.9:0.9')).toEqual([0.9]);
  });

  it('walks a range with a step to its end without drift', () => {
    expect(parsePruneRates('0:0.9:0.1')).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
    expect(parsePruneRates('0.90:0.99:0.03')).toEqual([0.9, 0.93, 0.96, 0.99]);
    expect(parsePruneRates('0:0.9:0.4')).toEqual([0, 0.4, 0.8]);
    expect(parsePruneRates('0:0.5:.25')).toEqual([0, 0.25, 0.5]);
    expect(parsePruneRates('0.3:0.3:0.1')).toEqual([0.3]);
  });

  it('joins parts into distinct rates in rising order', () => {
    expect(parsePruneRates('0.9, 0.5,0:0.2:0.1 , 0.50')).toEqual([0, 0.1, 0.2, 0.5, 0.9]);
  });

  it('gives every multiple of the step as the double nearest to its decimal, whatever the step', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 0, max: 999 }), (step, last) => {
        const expected = [];
        for (let thousandths = 0; thousandths <= last; thousandths += step) {
          expected.push(Number(`0.${String(thousandths).padStart(3, '0')}`));
        }
        const write = (thousandths: number) => `0.${String(thousandths).padStart(3, '0')}`;
        expect(parsePruneRates(`0:${write(last)}:${write(step)}`)).toEqual(expected);
      }),
    );
  });

  it.each([
    ['', 'prune rate "" is malformed, expected a number such as 0.5 or a range such as 0:0.99 or 0:0.9:0.1'],
    ['0.5,', 'prune rate "" is malformed'],
    ['half', 'prune rate "half" is malformed'],
    ['-0.1', 'prune rate "-0.1" is malformed'],
    ['1e-1', 'prune rate "1e-1" is malformed'],
    ['0:0.9:0.1:2', 'prune rate "0:0.9:0.1:2" is malformed'],
    ['0:', 'prune rate "0:" is malformed'],
    ['NaN', 'prune rate "NaN" is malformed'],
    ['1', 'prune rate 1 in "1" is too high, expected at least 0 and below 1'],
    ['0:1:0.1', 'prune rate 1 in "0:1:0.1" is too high'],
    ['90', 'prune rate 90 in "90" is too high'],
    ['0.9:0.1', 'prune range "0.9:0.1" is reversed, expected the lower rate first'],
    ['0:0.9:0', 'prune range "0:0.9:0" has step 0, expected a step above 0'],
    ['0.91:0.94', 'prune range "0.91:0.94" holds none of the usual rates'],
    ['0:0.9:0.0001', 'prune rates "0:0.9:0.0001" are too many, expected at most 1000 rates'],
    ['0:0.5:0.001,0.5001:0.999:0.001,0.1234', 'are too many'],
    [Array.from({ length: 900 }, (_, index) => `0:0.9:0.00${index + 1001}`).join(), 'are too many'],
    ['0.5,'.repeat(300_000), 'are too many'],
  ])('refuses %j with a sentence', (text, sentence) => {
    expect(() => parsePruneRates(text)).toThrow(UserError);
    expect(() => parsePruneRates(text)).toThrow(sentence);
  });

  it('gives rates or a UserError for any text', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0123459.:,e- ') }));
    fc.assert(
      fc.property(text, (rates) => {
        try {
          const parsed = parsePruneRates(rates);
          expect(parsed.length).toBeGreaterThan(0);
          expect(
            parsed.every((rate, index) => rate >= 0 && rate < 1 && rate > (parsed[index - 1] ?? -1)),
          ).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
