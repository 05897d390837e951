/** @file Accuracy over two axes of a grid, as a heat map. */
import type { EChartsOption } from 'echarts';
import { formatPoints, formatRate } from '../../format.ts';
import type { GridTable } from '../../tables/grid-table.ts';
import { axisStyle, baseOption, FONT_SIZE, type Look, TITLE_HEIGHT, titleOf } from './parts.ts';

const CELL = { width: 84, height: 44 };
const LEFT = 110;
const RIGHT = 24;
const BOTTOM = 56;

/** Narrower cells have no room for their number. */
const LEAST_CELL = 38;

/** Width in pixels at which cells have their usual one. */
export function gridWidth({ values: [, across] }: GridTable): number {
  return Math.max(520, LEFT + across.length * CELL.width + RIGHT);
}

/** Height in pixels that the figure needs. */
export function gridHeight({ values: [down] }: GridTable, { isAlone }: Pick<Look, 'isAlone'>): number {
  return topOf({ isAlone }) + down.length * CELL.height + BOTTOM;
}

function topOf({ isAlone }: Pick<Look, 'isAlone'>): number {
  return isAlone ? TITLE_HEIGHT + 12 : 8;
}

export function chartGrid(experiment: string, table: GridTable, look: Look): EChartsOption {
  const { base, granularity, axes, values, pruneRate, cells } = table;
  const [down, across] = values;
  const { theme } = look;
  const cellWidth = Math.min(CELL.width, (look.width - LEFT - RIGHT) / across.length);
  const placed = cells.flatMap((row, y) =>
    row.flatMap((cell, x) => (cell === null ? [] : [{ x, y, mean: cell.mean }])),
  );
  const means = placed.map(({ mean }) => mean);
  const [low, high] = [Math.min(1, ...means), Math.max(0, ...means)];
  const seeds = Math.max(0, ...cells.flat().map((cell) => cell?.seeds ?? 0));
  const category = (name: string, gap: number, names: readonly string[]) => ({
    ...axisStyle(look, name, gap),
    type: 'category' as const,
    data: [...names],
    axisTick: { show: false },
    splitLine: { show: false },
  });
  return {
    ...baseOption(look),
    title: titleOf(
      look,
      `${experiment}, ${base}: test accuracy in percent, ${formatRate(pruneRate)} of ${granularity}s pruned`,
      seeds > 1 ? `mean over up to ${seeds} seeds` : 'one seed',
    ),
    grid: {
      left: LEFT,
      top: topOf(look),
      width: across.length * cellWidth,
      height: down.length * CELL.height,
      outerBoundsMode: 'none',
    },
    xAxis: category(axes[1], 30, across),
    yAxis: { ...category(axes[0], 60, down), inverse: true },
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
