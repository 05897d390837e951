/** @file Colours of the figures, for light and dark pages, and what tells lines apart without colour. */

export interface Theme {
  readonly background: string;
  readonly text: string;
  readonly quietText: string;
  /** Axes. */
  readonly axis: string;
  /** Lines behind the data. */
  readonly grid: string;
  /** Of lines, in the order of their styles. Styles beyond the last begin anew. */
  readonly lines: readonly string[];
  /** Bars of what pruning removes, and of what it leaves. */
  readonly removed: string;
  readonly kept: string;
  /** Of shares from 0 to 1. */
  readonly ramp: readonly [string, string];
  /** Text upon the two ends of the ramp. */
  readonly rampText: readonly [string, string];
}

/**
 * Lines stand out from the background, and any two are far apart (over 30 in CIE L*a*b*) for eyes that see all colours, and
 * for eyes that see no red, no green or no blue.
 */
export const LIGHT: Theme = {
  background: '#ffffff',
  text: '#1c1f24',
  quietText: '#565c66',
  axis: '#7b828d',
  grid: '#e3e6ea',
  lines: ['#1c1f24', '#094eff', '#e16000', '#218b81', '#de57da', '#5b3b15', '#094274'],
  removed: '#b23a00',
  kept: '#a9d3ee',
  ramp: ['#f2f7fb', '#0b4f85'],
  rampText: ['#1c1f24', '#ffffff'],
};

export const DARK: Theme = {
  background: '#15181d',
  text: '#e8eaed',
  quietText: '#a9b0ba',
  axis: '#8a919c',
  grid: '#31363e',
  lines: ['#e8eaed', '#99b9fd', '#df3907', '#40e782', '#ba4e85', '#ffd00b', '#2864cc'],
  removed: '#ff7a33',
  kept: '#3d7299',
  ramp: ['#1d2833', '#8fd0ff'],
  rampText: ['#e8eaed', '#15181d'],
};

type Marker = 'circle' | 'rect' | 'triangle' | 'diamond';

const MARKERS: readonly { readonly symbol: Marker; readonly isFilled: boolean }[] = [
  { symbol: 'circle', isFilled: true },
  { symbol: 'rect', isFilled: true },
  { symbol: 'triangle', isFilled: true },
  { symbol: 'diamond', isFilled: true },
  { symbol: 'circle', isFilled: false },
  { symbol: 'rect', isFilled: false },
  { symbol: 'triangle', isFilled: false },
  { symbol: 'diamond', isFilled: false },
];

/** Lengths of dashes and gaps in pixels; the first is a line without gaps. */
const DASHES: readonly ('solid' | number[])[] = [
  'solid',
  [9, 3],
  [2, 3],
  [9, 3, 2, 3],
  [5, 3],
  [14, 4, 5, 4],
];

export interface LineStyle {
  readonly color: string;
  readonly symbol: Marker;
  readonly isFilled: boolean;
  readonly dash: 'solid' | number[];
}

/** @param style 0 and up; the first 48 pairs of marker and dash are different ones, and so are those of marker and colour */
export function styleOf(style: number, theme: Theme): LineStyle {
  const place = style % MARKERS.length;
  const round = Math.floor(style / MARKERS.length);
  const { symbol, isFilled } = MARKERS[place] ?? { symbol: 'circle', isFilled: true };
  return {
    color: theme.lines[style % theme.lines.length] ?? theme.text,
    symbol,
    isFilled,
    // One back, so that the next line of a colour has another dash too.
    dash: DASHES[(place + (DASHES.length - 1) * round) % DASHES.length] ?? 'solid',
  };
}
