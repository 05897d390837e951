/** @file Parts that the charts share: axes, titles, lines with their bands. */
import type { CustomSeriesOption, EChartsOption, LineSeriesOption } from 'echarts';
import type { Line } from '../types.ts';
import { wrapText } from './text.ts';
import { styleOf, type Theme } from './theme.ts';

/** What a chart is drawn for. */
export interface Look {
  readonly theme: Theme;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Whether the chart itself says its title and what its lines are; a page says that around it. */
  readonly isAlone: boolean;
}

/** Metric-compatible fonts, so that text takes the same room wherever it is drawn. */
const FONTS = 'Arimo, Arial, Helvetica, Liberation Sans, sans-serif';

export const FONT_SIZE = 12;

/** Of what stands along an axis. */
export const LABEL_FONT = { size: FONT_SIZE - 1, lineHeight: 14 };

const MOST_MARKERS = 24;

/** What holds for every chart. */
export function baseOption({ theme, isAlone }: Look): EChartsOption {
  return {
    animation: false,
    textStyle: { fontFamily: FONTS, fontSize: FONT_SIZE, color: theme.text },
    ...(isAlone && { backgroundColor: theme.background }),
  };
}

/** What a chart shows, in a line or more, and how that was found, below it. */
export interface Title {
  readonly text: string;
  readonly subtext: string;
}

/** Pixels. */
const TITLE_LEFT = 12;
const TITLE_FONT = { size: 16, lineHeight: 20, isBold: true };
const SUBTITLE_FONT = { size: FONT_SIZE, lineHeight: 15 };

/** The title as it stands alone at the top of a chart. */
export function titleOf(look: Look, title: Title) {
  const { theme } = look;
  const { text, subtext } = wrapTitle(title, look.width);
  return {
    show: look.isAlone,
    text: text.join('\n'),
    subtext: subtext.join('\n'),
    left: TITLE_LEFT,
    top: 10,
    itemGap: 6,
    textStyle: {
      fontSize: TITLE_FONT.size,
      lineHeight: TITLE_FONT.lineHeight,
      fontWeight: 'bold' as const,
      color: theme.text,
    },
    subtextStyle: {
      fontSize: SUBTITLE_FONT.size,
      lineHeight: SUBTITLE_FONT.lineHeight,
      color: theme.quietText,
    },
  };
}

/** Height in pixels that the title takes in a chart of this width. */
export function titleHeight(title: Title, width: number): number {
  const { text, subtext } = wrapTitle(title, width);
  return 23 + text.length * TITLE_FONT.lineHeight + subtext.length * SUBTITLE_FONT.lineHeight;
}

function wrapTitle({ text, subtext }: Title, width: number) {
  const room = width - 2 * TITLE_LEFT;
  return { text: wrapText(text, room, TITLE_FONT), subtext: wrapText(subtext, room, SUBTITLE_FONT) };
}

/** What all axes share. */
export function axisStyle({ theme }: Look, name: string, nameGap: number) {
  return {
    name,
    nameLocation: 'middle' as const,
    nameGap,
    nameTextStyle: { color: theme.text, fontSize: FONT_SIZE },
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.axis } },
    axisTick: { show: true, lineStyle: { color: theme.axis } },
    axisLabel: { color: theme.quietText, fontSize: LABEL_FONT.size },
    splitLine: { show: true, lineStyle: { color: theme.grid } },
  };
}

export interface PlacedPoint {
  readonly x: number;
  readonly y: number;
  /** Ends of the band, where there is one. */
  readonly low?: number;
  readonly high?: number;
}

/** A line of a method, and its band behind it. */
export function drawLine(
  line: Line,
  points: readonly PlacedPoint[],
  { theme }: Look,
  axes: { readonly xAxisIndex: number; readonly yAxisIndex: number },
): (LineSeriesOption | CustomSeriesOption)[] {
  const { color, symbol, isFilled, dash } = styleOf(line.style, theme);
  const series: LineSeriesOption = {
    type: 'line',
    name: line.heading,
    ...axes,
    data: points.map(({ x, y }, index) =>
      isMarked(index, points.length) ? [x, y] : { value: [x, y], symbol: 'none' },
    ),
    symbol,
    symbolSize: symbol === 'diamond' || symbol === 'triangle' ? 8 : 7,
    showAllSymbol: true,
    color,
    lineStyle: { color, width: 2, type: dash },
    itemStyle: { color: isFilled ? color : theme.background, borderColor: color, borderWidth: 1.5 },
    emphasis: { disabled: true },
    z: 3,
  };
  const band = points.flatMap(({ x, y, low, high }) =>
    low === undefined || high === undefined ? [] : [{ x, y, low, high }],
  );
  // The legend shows the first series of a name.
  return band.length < 2 ? [series] : [series, drawBand(line, band, color, axes)];
}

/** Along a long line some points have a marker, and the last one. */
function isMarked(index: number, count: number): boolean {
  return count <= MOST_MARKERS || index % Math.ceil(count / MOST_MARKERS) === 0 || index === count - 1;
}

type BandPoint = Required<PlacedPoint>;

/** The library knows no bands: a polygon in the coordinates of the axes. */
function drawBand(
  line: Line,
  points: readonly BandPoint[],
  color: string,
  axes: { readonly xAxisIndex: number; readonly yAxisIndex: number },
): CustomSeriesOption {
  const outline = [
    ...points.map(({ x, high }) => [x, high]),
    ...points.toReversed().map(({ x, low }) => [x, low]),
  ];
  return {
    type: 'custom',
    name: line.heading,
    ...axes,
    silent: true,
    clip: true,
    z: 2,
    tooltip: { show: false },
    color,
    data: points.slice(0, 1).map(({ x, y }) => [x, y]),
    renderItem: (_parameters, api) => ({
      type: 'polygon',
      shape: { points: outline.map((point) => api.coord(point)) },
      style: { fill: color, opacity: 0.18 },
    }),
  };
}
