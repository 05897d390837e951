/** @file Training curves: accuracy on test images, and loss on training images, by epoch. */
import type { EChartsOption } from 'echarts';
import { formatRate } from '../../format.ts';
import type { Granularity } from '../../pruning/types.ts';
import type { Cell } from '../../tables/cell.ts';
import type { TrainingLine } from '../types.ts';
import {
  axisStyle,
  baseOption,
  drawLine,
  type Look,
  legendOf,
  legendWidth,
  type PlacedPoint,
  TITLE_HEIGHT,
  titleOf,
} from './parts.ts';

/** Width in pixels below which the two curves stand one above the other. */
const NARROW = 640;
const GAP = 88;

/** A loss of 0 has no logarithm. */
const LEAST_LOSS = 1e-6;

/** @param lines at least one */
export function chartTraining(
  experiment: string,
  granularity: Granularity,
  lines: readonly TrainingLine[],
  look: Look,
): EChartsOption {
  const seeds = Math.max(
    1,
    ...lines.flatMap(({ points }) => points.map(({ testAccuracy }) => testAccuracy?.seeds ?? 1)),
  );
  const epochs = Math.max(...lines.flatMap(({ points }) => points.map(({ epoch }) => epoch)));
  const epochAxis = (gridIndex: number) => ({
    ...axisStyle(look, 'epoch', 30),
    gridIndex,
    type: 'value' as const,
    min: epochs > 1 ? 1 : 0,
    max: epochs,
    minInterval: 1,
  });
  const accuracyStyle = axisStyle(look, 'test accuracy, nothing pruned', 52);
  return {
    ...baseOption(look),
    title: titleOf(
      look,
      `${experiment}: training, methods for pruning ${granularity}s`,
      seeds > 1 ? `mean over up to ${seeds} seeds, band ± 1 standard deviation` : 'one seed',
    ),
    legend: legendOf(look, lines),
    grid: layOut(look, legendWidth(lines)),
    xAxis: [epochAxis(0), epochAxis(1)],
    yAxis: [
      {
        ...accuracyStyle,
        gridIndex: 0,
        type: 'value',
        scale: true,
        max: ({ max }: { max: number }) => Math.min(1, Math.ceil(max * 50) / 50),
        axisLabel: { ...accuracyStyle.axisLabel, formatter: formatRate },
      },
      { ...axisStyle(look, 'training loss (nats)', 52), gridIndex: 1, type: 'log' },
    ],
    series: lines.flatMap((line) => [
      ...drawLine(line, place(line, 'testAccuracy', 0, 1), look, axesOf(0)),
      ...drawLine(line, place(line, 'trainLoss', LEAST_LOSS, Number.POSITIVE_INFINITY), look, axesOf(1)),
    ]),
  };
}

function axesOf(index: number) {
  return { xAxisIndex: index, yAxisIndex: index };
}

/** Two grids in the room that title and legend leave. */
function layOut({ width, height, isAlone }: Look, legend: number) {
  const top = isAlone ? TITLE_HEIGHT + 8 : 14;
  const right = isAlone ? legend + 24 : 20;
  const bottom = 50;
  if (!isAlone && width < NARROW) {
    const own = (height - top - 2 * bottom - 10) / 2;
    return [
      { left: 70, right, top, height: own },
      { left: 70, right, top: top + own + bottom + 10, height: own },
    ];
  }
  const own = (width - 70 - right - GAP) / 2;
  return [
    { left: 70, width: own, top, bottom },
    { left: 70 + own + GAP, width: own, top, bottom },
  ];
}

function place(
  { points }: TrainingLine,
  value: 'testAccuracy' | 'trainLoss',
  least: number,
  most: number,
): PlacedPoint[] {
  const bound = (number: number) => Math.min(most, Math.max(least, number));
  return points.flatMap((point) => {
    const cell: Cell | undefined = point[value];
    if (cell === undefined) return [];
    const { mean, deviation } = cell;
    const band =
      deviation === undefined ? {} : { low: bound(mean - deviation), high: bound(mean + deviation) };
    return [{ x: point.epoch, y: bound(mean), ...band }];
  });
}
