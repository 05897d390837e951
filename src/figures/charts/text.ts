/** @file Text in figures: how wide it is, and into which lines it falls where it has less room. */

export interface Font {
  /** Pixels. */
  readonly size: number;
  readonly isBold?: boolean;
}

/** Widths of letters as shares of the size of the font: Arimo, which is as wide as Arial. */
const WIDTHS = new Map(
  Object.entries({
    "'ijl": 0.222,
    ' !,./:;I[\\]ft|': 0.278,
    '()-`r{}': 0.334,
    '"*': 0.389,
    '^Jcksvxyz': 0.5,
    '#$0123456789?L_abdeghnopqu': 0.556,
    '+<=>~FTZ': 0.611,
    '&ABEKPSVXY': 0.667,
    CDHNRUw: 0.722,
    GOQ: 0.778,
    'Mm%': 0.889,
  }).flatMap(([letters, width]) => [...letters].map((letter) => [letter, width] as const)),
);

/** Of letters of other scripts, too. */
const WIDEST = 1.02;

/** How much wider bold letters are, at most: those as narrow as `i` and `t`, and others. */
const BOLD = { narrow: 1.25, other: 1.12 };

/** @returns pixels, rather too many than too few */
export function measureText(text: string, { size, isBold = false }: Font): number {
  const widths = Array.from(text, (letter) => WIDTHS.get(letter) ?? WIDEST);
  const widen = (width: number) => width * (width < 0.3 ? BOLD.narrow : BOLD.other);
  return size * widths.reduce((sum, width) => sum + (isBold ? widen(width) : width), 0);
}

/** Pixels of the longest of some names. */
export function measureWidest(names: readonly string[], font: Font): number {
  return Math.max(0, ...names.map((name) => measureText(name, font)));
}

/**
 * Behind spaces and single dashes, and before the double ones of variants of a grid; a number stays with what stands before it, and a
 * sign of percent with its number.
 */
const BREAK = /(?<= )(?!%)|(?=--)|(?<=[^- ]-)(?=[^-\d])/;

/**
 * Breaks text into lines, at words and dashes where that is possible.
 *
 * @param width of a line in pixels
 * @returns at least one line
 */
export function wrapText(text: string, width: number, font: Font): string[] {
  const lines = [''];
  const fits = (line: string) => measureText(line.trimEnd(), font) <= width;
  const pieces = text.split(BREAK).flatMap((piece) => (fits(piece) ? [piece] : [...piece]));
  for (const piece of pieces) {
    const last = lines.length - 1;
    const line = lines[last] ?? '';
    if (line === '' || fits(line + piece)) lines[last] = line + piece;
    else lines.push(piece);
  }
  return lines.map((line) => line.trimEnd());
}
