/** @file Curves as text. */
import { describe, expect, it } from 'vitest';
import { plot } from '../../src/terminal/plot.ts';

const word = (value: number) => String(value);

describe('plot', () => {
  it('rises from the lowest value to the highest', () => {
    expect(plot([0, 39, 19.5], word)).toEqual(['39 ┤ █', '   ┤ █', '   ┤ █▅', '   ┤ ██', ' 0 ┤▁██']);
  });

  it('leaves a gap where a value is not finite, and draws nothing if none is', () => {
    expect(plot([0, Number.NaN, 1], word).at(-1)).toBe('0 ┤▁ █');
    expect(plot([Number.NaN], word)).toEqual([]);
    expect(plot([], word)).toEqual([]);
  });

  it('draws equal values as equal bars', () => {
    expect(plot([0.5, 0.5], word).at(-1)).toBe('0.5 ┤▁▁');
  });

  it('averages neighbours where there are more values than columns', () => {
    const lines = plot(
      Array.from({ length: 600 }, (_, index) => index),
      word,
    );
    expect(lines[0]).toMatch(/^594\.5 ┤/);
    expect(lines.at(-1)).toMatch(/^ {2}4\.5 ┤.{60}$/);
  });
});
