/** @file Text in figures: measured as the pictures have it, and broken where it is too long. */
import { describe, expect, it } from 'vitest';
import { measureText, wrapText } from '../../src/figures/charts/text.ts';
import { boxOf } from './text-boxes.ts';

/** Pixels that a text takes in a PNG. */
function drawnWidth(text: string, size: number, isBold: boolean): number {
  const style = `font-family="Arimo" font-size="${size}" font-weight="${isBold ? 'bold' : 'normal'}"`;
  const { left, right } = boxOf(`<text y="50" ${style}>${text}</text>`) ?? { left: 0, right: 0 };
  return right - left;
}

describe('a text', () => {
  it.each([
    'targeted(0.66, 0.75): targeted-weight--schedule.learningRate-0.05--schedule.epochs-200',
    'filter, till, illicit: 1 % !',
    'WIDE LETTERS OF NAMES',
    'variational, KL × 1',
    'abcdefghijklmnopqrstuvwxyz 0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ -_.,:;+()[]/',
  ])('is measured a little too wide, rather than too narrow: %s', (text) => {
    for (const isBold of [false, true]) {
      const drawn = drawnWidth(text, 16, isBold);
      const measured = measureText(text, { size: 16, isBold });
      expect(measured / drawn).toBeGreaterThanOrEqual(1);
      expect(measured / drawn).toBeLessThan(1.25);
    }
  });

  it('that is short stays in one line', () => {
    expect(wrapText('none', 200, { size: 12 })).toEqual(['none']);
    expect(wrapText('', 200, { size: 12 })).toEqual(['']);
  });

  it('is broken at words and dashes, and a number stays with what it is of', () => {
    expect(
      wrapText('targeted(0.5, 0.5): few-words--schedule.learningRate-1e-4--schedule.epochs-2', 160, {
        size: 12,
      }),
    ).toEqual(['targeted(0.5, 0.5): few-words', '--schedule.learningRate-1e-4', '--schedule.epochs-2']);
    expect(wrapText('first bar 80 %', 70, { size: 12 })).toEqual(['first bar', '80 %']);
  });

  it('without a place to break is broken anywhere, and loses nothing', () => {
    const name = 'abcdefghijklmnopqrstuvwxyz'.repeat(4);
    const lines = wrapText(name, 100, { size: 12 });
    expect(lines.join('')).toBe(name);
    for (const line of lines) expect(measureText(line, { size: 12 })).toBeLessThanOrEqual(100);
  });
});
