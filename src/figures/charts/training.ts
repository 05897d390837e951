/** @file Training curves by epoch: accuracy on test images, on validation images where a run has some, and loss on training images. */
import type { EChartsOption, YAXisComponentOption } from 'echarts';
import { formatRate } from '../../format.ts';
import type { Granularity } from '../../pruning/types.ts';
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

/** Width in pixels that a panel needs beside others; below it they stand one above the other. */
const NARROW = 320;
const GAP = 88;

/** A loss of 0 has no logarithm. */
const LEAST_LOSS = 1e-6;

/** One of the curves, in a panel of its own. */
export interface TrainingPanel {
  readonly value: 'testAccuracy' | 'validationAccuracy' | 'trainLoss';
  readonly title: string;
  /** Of its axis. */
  readonly name: string;
}

/** The panels for which lines have points, from left to right. */
export function listPanels(lines: readonly TrainingLine[]): TrainingPanel[] {
  const isValidated = lines.some(({ points }) => points.some((point) => point.validationAccuracy));
  return [
    accuracyPanel('testAccuracy', 'test accuracy'),
    ...(isValidated ? [accuracyPanel('validationAccuracy', 'validation accuracy')] : []),
    { value: 'trainLoss', title: 'training loss', name: 'training loss (nats)' },
  ];
}

function accuracyPanel(value: TrainingPanel['value'], title: string): TrainingPanel {
  return { value, title, name: `${title}, nothing pruned` };
}

/** Whether panels of a chart of this width stand one above the other. */
export function isStacked(panels: readonly TrainingPanel[], width: number): boolean {
  return width < NARROW * panels.length;
}

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
  const panels = listPanels(lines);
  const epochAxis = (gridIndex: number) => ({
    ...axisStyle(look, 'epoch', 30),
    gridIndex,
    type: 'value' as const,
    min: epochs > 1 ? 1 : 0,
    max: epochs,
    minInterval: 1,
  });
  return {
    ...baseOption(look),
    title: titleOf(
      look,
      `${experiment}: training, methods for pruning ${granularity}s`,
      seeds > 1 ? `mean over up to ${seeds} seeds, band ± 1 standard deviation` : 'one seed',
    ),
    legend: legendOf(look, lines),
    grid: layOut(look, panels, legendWidth(lines)),
    xAxis: panels.map((_, index) => epochAxis(index)),
    yAxis: panels.map((panel, index) => valueAxis(panel, index, look)),
    series: lines.flatMap((line) =>
      panels.flatMap(({ value }, index) =>
        drawLine(line, place(line, value), look, { xAxisIndex: index, yAxisIndex: index }),
      ),
    ),
  };
}

function valueAxis({ value, name }: TrainingPanel, gridIndex: number, look: Look): YAXisComponentOption {
  const style = axisStyle(look, name, 52);
  if (value === 'trainLoss') return { ...style, gridIndex, type: 'log' };
  return {
    ...style,
    gridIndex,
    type: 'value',
    scale: true,
    max: ({ max }: { max: number }) => Math.min(1, Math.ceil(max * 50) / 50),
    axisLabel: { ...style.axisLabel, formatter: formatRate },
  };
}

/** A grid for each panel in the room that title and legend leave. */
function layOut({ width, height, isAlone }: Look, panels: readonly TrainingPanel[], legend: number) {
  const top = isAlone ? TITLE_HEIGHT + 8 : 14;
  const right = isAlone ? legend + 24 : 20;
  const bottom = 50;
  const count = panels.length;
  if (!isAlone && isStacked(panels, width)) {
    const own = (height - top - count * bottom - (count - 1) * 10) / count;
    return panels.map((_, index) => ({
      left: 70,
      right,
      top: top + index * (own + bottom + 10),
      height: own,
    }));
  }
  const own = (width - 70 - right - (count - 1) * GAP) / count;
  return panels.map((_, index) => ({ left: 70 + index * (own + GAP), width: own, top, bottom }));
}

function place({ points }: TrainingLine, value: TrainingPanel['value']): PlacedPoint[] {
  const [least, most] = value === 'trainLoss' ? [LEAST_LOSS, Number.POSITIVE_INFINITY] : [0, 1];
  const bound = (number: number) => Math.min(most, Math.max(least, number));
  return points.flatMap((point) => {
    const cell = point[value];
    if (cell === undefined) return [];
    const { mean, deviation } = cell;
    const band =
      deviation === undefined ? {} : { low: bound(mean - deviation), high: bound(mean + deviation) };
    return [{ x: point.epoch, y: bound(mean), ...band }];
  });
}
