/** @file Parts that the charts share: axes, lines with their bands, legends. */
import type { CustomSeriesOption, EChartsOption, LegendComponentOption, LineSeriesOption } from 'echarts';
import type { Line } from '../types.ts';
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

const MOST_MARKERS = 24;

/** What holds for every chart. */
export function baseOption({ theme, isAlone }: Look): EChartsOption {
  return {
    animation: false,
    textStyle: { fontFamily: FONTS, fontSize: FONT_SIZE, color: theme.text },
    ...(isAlone && { backgroundColor: theme.background }),
  };
}

/** @param extent of the chart's two lines of title, or of nothing */
export function titleOf(look: Look, text: string, subtext: string) {
  const { theme } = look;
  return {
    show: look.isAlone,
    text,
    subtext,
    left: 12,
    top: 10,
    itemGap: 6,
    textStyle: { fontSize: 16, lineHeight: 20, fontWeight: 'bold' as const, color: theme.text },
    subtextStyle: { fontSize: FONT_SIZE, lineHeight: 15, color: theme.quietText },
  };
}

/** Height that the title takes. */
export const TITLE_HEIGHT = 58;

/** What all axes share. */
export function axisStyle({ theme }: Look, name: string, nameGap: number) {
  return {
    name,
    nameLocation: 'middle' as const,
    nameGap,
    nameTextStyle: { color: theme.text, fontSize: FONT_SIZE },
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.axis } },
    axisTick: { show: true, lineStyle: { color: theme.axis } },
    axisLabel: { color: theme.quietText, fontSize: FONT_SIZE - 1 },
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

/** Between two lines of a legend. */
const LEGEND_GAP = 11;

/**
 * Room for a legend with these lines, beside a chart.
 *
 * @param labels of the lines, where they are not called by their headings alone
 */
export function legendWidth(lines: readonly Line[], labels: ReadonlyMap<string, string> = new Map()): number {
  const longest = Math.max(0, ...lines.map(({ heading }) => (labels.get(heading) ?? heading).length));
  return Math.ceil(longest * FONT_SIZE * 0.54) + 66;
}

/** Height of a chart whose legend has these lines. */
export function legendHeight(lines: readonly Line[]): number {
  return TITLE_HEIGHT + lines.length * (FONT_SIZE + LEGEND_GAP + 2) + 16;
}

/**
 * Lines with their markers and dashes, from top to bottom at the right.
 *
 * @param labels as `legendWidth` takes them
 */
export function legendOf(
  { theme, isAlone }: Look,
  lines: readonly Line[],
  labels: ReadonlyMap<string, string> = new Map(),
): LegendComponentOption {
  return {
    show: isAlone,
    type: 'plain',
    orient: 'vertical',
    right: 12,
    top: TITLE_HEIGHT + 4,
    align: 'left',
    itemWidth: 38,
    itemHeight: 9,
    itemGap: LEGEND_GAP,
    data: lines.map(({ heading }) => heading),
    formatter: (heading) => labels.get(heading) ?? heading,
    textStyle: { color: theme.text, fontSize: FONT_SIZE },
    selectedMode: false,
  };
}
