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

it('lines are told apart without colour, each by another pair of marker and dash', () => {
  const pairs = Array.from({ length: 42 }, (_, style) => {
    const { symbol, isFilled, dash } = styleOf(style, LIGHT);
    return JSON.stringify([symbol, isFilled, dash]);
  });
  expect(new Set(pairs).size).toBe(42);
});
