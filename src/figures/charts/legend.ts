/** @file The legend beside a chart: the lines of methods with their names. */
import type { LegendComponentOption } from 'echarts';
import type { Line } from '../types.ts';
import { FONT_SIZE, type Look } from './parts.ts';
import { measureText, wrapText } from './text.ts';

/** Between two names of a legend. */
const LEGEND_GAP = 11;

/** Pixels of a name in a legend; longer ones have several lines. */
const MOST_LEGEND_WIDTH = 360;
const LEGEND_FONT = { size: FONT_SIZE, lineHeight: 14 };

/** The lines of each name of a legend. */
function wrapLegend(lines: readonly Line[], labels: ReadonlyMap<string, string>): Map<string, string[]> {
  return new Map(
    lines.map(({ heading }) => [
      heading,
      wrapText(labels.get(heading) ?? heading, MOST_LEGEND_WIDTH, LEGEND_FONT),
    ]),
  );
}

/**
 * Room for a legend with these lines, beside a chart.
 *
 * @param labels of the lines, where they are not called by their headings alone
 */
export function legendWidth(lines: readonly Line[], labels: ReadonlyMap<string, string> = new Map()): number {
  const names = [...wrapLegend(lines, labels).values()].flat();
  // Room for usual letters, and at least for these.
  const widths = names.map((name) =>
    Math.max(name.length * FONT_SIZE * 0.54 + 66, measureText(name, LEGEND_FONT) + 60),
  );
  return Math.ceil(Math.max(66, ...widths));
}

/**
 * Height of a chart whose legend has these lines.
 *
 * @param title height in pixels of the title above
 * @param labels as `legendWidth` takes them
 */
export function legendHeight(
  lines: readonly Line[],
  title: number,
  labels: ReadonlyMap<string, string> = new Map(),
): number {
  const count = [...wrapLegend(lines, labels).values()].flat().length;
  return title + lines.length * LEGEND_GAP + count * LEGEND_FONT.lineHeight + 16;
}

/**
 * Lines with their markers and dashes, from top to bottom at the right.
 *
 * @param title height in pixels of the title above
 * @param labels as `legendWidth` takes them
 */
export function legendOf(
  { theme, isAlone }: Look,
  lines: readonly Line[],
  title: number,
  labels: ReadonlyMap<string, string> = new Map(),
): LegendComponentOption {
  const names = wrapLegend(lines, labels);
  const isWrapped = [...names.values()].some(({ length }) => length > 1);
  return {
    show: isAlone,
    type: 'plain',
    orient: 'vertical',
    right: 12,
    top: title + 4,
    align: 'left',
    itemWidth: 38,
    itemHeight: 9,
    itemGap: LEGEND_GAP,
    data: lines.map(({ heading }) => heading),
    formatter: (heading) => names.get(heading)?.join('\n') ?? heading,
    textStyle: {
      color: theme.text,
      fontSize: LEGEND_FONT.size,
      ...(isWrapped && { lineHeight: LEGEND_FONT.lineHeight }),
    },
    selectedMode: false,
  };
}
