import { describe, expect, it } from 'vitest';
import { DARK, LIGHT, styleOf } from '../../src/figures/charts/theme.ts';
import { contrastOf, distanceOf, VISIONS } from './colours.ts';

/** As WCAG 2.1 asks of graphics, and of text. */
const GRAPHICS = 3;
const TEXT = 4.5;

/** In CIE L*a*b*: plainly another colour. A just noticeable difference is about 2.3. */
const PLAIN = 25;

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
])('the %s theme', (_name, theme) => {
  it('has lines and bars that stand out from its background, and text that can be read on it', () => {
    for (const colour of [...theme.lines, theme.removed])
      expect(contrastOf(colour, theme.background), colour).toBeGreaterThanOrEqual(GRAPHICS);
    for (const colour of [theme.text, theme.quietText])
      expect(contrastOf(colour, theme.background)).toBeGreaterThanOrEqual(TEXT);
    for (const end of [0, 1] as const)
      expect(contrastOf(theme.rampText[end], theme.ramp[end])).toBeGreaterThanOrEqual(TEXT);
  });

  it.each(Object.keys(VISIONS))('has lines of different colours for eyes with %s vision', (vision) => {
    const pairs = theme.lines.flatMap((a, index) => theme.lines.slice(index + 1).map((b) => [a, b] as const));
    for (const [a, b] of pairs) expect(distanceOf(a, b, vision), `${a} ${b}`).toBeGreaterThan(PLAIN);
  });

  it('tells what is removed from what is kept by lightness alone', () => {
    expect(contrastOf(theme.removed, theme.kept)).toBeGreaterThan(1.7);
  });
});

describe('lines', () => {
  const styles = Array.from({ length: 48 }, (_, style) => styleOf(style, LIGHT));
  const countPairs = (pair: (style: (typeof styles)[number]) => unknown) =>
    new Set(styles.map((style) => JSON.stringify(pair(style)))).size;

  it('are told apart without colour, each by another pair of marker and dash', () => {
    expect(countPairs(({ symbol, isFilled, dash }) => [symbol, isFilled, dash])).toBe(48);
  });

  it('of one colour have different markers, and neighbours among them different dashes', () => {
    expect(countPairs(({ color, symbol, isFilled }) => [color, symbol, isFilled])).toBe(48);
    const { length } = LIGHT.lines;
    for (const [index, { dash }] of styles.slice(0, 21).entries())
      expect(styles[index + length]?.dash, `style ${index}`).not.toEqual(dash);
  });
});
