/** @file Accuracy over two axes of a grid, as a heat map. */
import type { EChartsOption } from 'echarts';
import { formatPoints, formatRate } from '../../format.ts';
import type { GridTable } from '../../tables/grid-table.ts';
import {
  axisStyle,
  baseOption,
  FONT_SIZE,
  LABEL_FONT,
  type Look,
  type Title,
  titleHeight,
  titleOf,
} from './parts.ts';
import { measureText, measureWidest, wrapText } from './text.ts';

/** Pixels. */
const CELL = { width: 84, height: 44 };
const RIGHT = 24;

/** Narrower cells have no room for their number, or for their value written upwards. */
const LEAST_CELL = 38;
const LEAST_NAMED_CELL = 13;

/** What values down the side take at most; longer ones have several lines. */
const MOST_NAME = 150;

/** Width in pixels at which cells have their usual one. */
export function gridWidth(table: GridTable): number {
  const { left } = placeNames(table);
  return Math.max(520, left + table.values[1].length * CELL.width + RIGHT);
}

/** Height in pixels that the figure needs at this width. */
export function gridHeight(
  experiment: string,
  table: GridTable,
  look: Pick<Look, 'width' | 'isAlone'>,
): number {
  const { top, height, bottom } = layOut(titleGrid(experiment, table), table, look);
  return top + height + bottom;
}

function titleGrid(experiment: string, { base, granularity, pruneRate, cells }: GridTable): Title {
  const seeds = Math.max(0, ...cells.flat().map((cell) => cell?.seeds ?? 0));
  const pruned = `${formatRate(pruneRate)} of ${granularity}s pruned`;
  return {
    text: `${experiment}, ${base}: test accuracy in percent, ${pruned}`,
    subtext: seeds > 1 ? `mean over up to ${seeds} seeds` : 'one seed',
  };
}

/** The values down the side in lines, and the room in pixels that they and the name of their axis take. */
function placeNames({ values: [down] }: Pick<GridTable, 'values'>) {
  const names = down.map((value) => wrapText(value, MOST_NAME, LABEL_FONT));
  const gap = Math.max(60, Math.ceil(measureWidest(names.flat(), LABEL_FONT)) + 22);
  return { names, gap, left: Math.max(110, gap + 30) };
}

function layOut(title: Title, table: GridTable, { width, isAlone }: Pick<Look, 'width' | 'isAlone'>) {
  const [down, across] = table.values;
  const { names, gap, left } = placeNames(table);
  const cellWidth = Math.min(CELL.width, (width - left - RIGHT) / across.length);
  const lines = Math.max(1, ...names.map(({ length }) => length));
  const cellHeight = Math.max(CELL.height, lines * LABEL_FONT.lineHeight + 6);
  const height = down.length * cellHeight;
  const widest = measureWidest(across, LABEL_FONT);
  const isUpright = widest + 4 > cellWidth;
  const below = isUpright ? widest + 18 : 30;
  // The name of the axis at the side is written upwards, and may be longer than its plot.
  const beyond = Math.max(0, (measureText(table.axes[0], { size: FONT_SIZE }) - height) / 2);
  const top = (isAlone ? titleHeight(title, width) + 12 : 8) + Math.ceil(Math.max(0, beyond - 6));
  const bottom = Math.ceil(Math.max(below + 26, beyond + 6));
  return { names, gap, left, cellWidth, isUpright, below, top, height, bottom };
}

export function chartGrid(experiment: string, table: GridTable, look: Look): EChartsOption {
  const { axes, values, cells } = table;
  const [down, across] = values;
  const { theme } = look;
  const title = titleGrid(experiment, table);
  const { names, gap, left, cellWidth, isUpright, below, top, height } = layOut(title, table, look);
  const placed = cells.flatMap((row, y) =>
    row.flatMap((cell, x) => (cell === null ? [] : [{ x, y, mean: cell.mean }])),
  );
  const means = placed.map(({ mean }) => mean);
  const [low, high] = [Math.min(1, ...means), Math.max(0, ...means)];
  const label = axisStyle(look, '', 0).axisLabel;
  const category = (name: string, gap: number, names: readonly string[]) => ({
    ...axisStyle(look, name, gap),
    type: 'category' as const,
    data: [...names],
    axisTick: { show: false },
    splitLine: { show: false },
  });
  return {
    ...baseOption(look),
    title: titleOf(look, title),
    grid: { left, top, width: across.length * cellWidth, height, outerBoundsMode: 'none' },
    xAxis: {
      ...category(axes[1], below, across),
      axisLabel: {
        ...label,
        interval: cellWidth < LEAST_NAMED_CELL ? 'auto' : 0,
        rotate: isUpright ? 90 : 0,
      },
    },
    yAxis: {
      ...category(axes[0], gap, down),
      axisLabel: {
        ...label,
        ...{ interval: 0, lineHeight: LABEL_FONT.lineHeight },
        formatter: (_: string, row: number) => names[row]?.join('\n') ?? '',
      },
      inverse: true,
    },
    visualMap: {
      type: 'continuous',
      show: false,
      dimension: 2,
      min: low,
      max: high,
      inRange: { color: [...theme.ramp] },
    },
    series: [
      {
        type: 'heatmap',
        data: placed.map(({ x, y, mean }) => ({
          value: [x, y, mean],
          label: { color: theme.rampText[mean - low > 0.55 * (high - low) ? 1 : 0] },
        })),
        label: {
          show: cellWidth >= LEAST_CELL,
          fontSize: FONT_SIZE,
          formatter: ({ value }) => formatPoints(Number((value as number[])[2])),
        },
        itemStyle: { borderColor: theme.background, borderWidth: 1 },
        emphasis: { disabled: true },
      },
    ],
  };
}
