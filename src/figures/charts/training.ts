/** @file Training curves by epoch: accuracy on test images, on validation images where a run has some, and loss on training images. */
import type { EChartsOption, YAXisComponentOption } from 'echarts';
import { formatRate } from '../../format.ts';
import type { Granularity } from '../../pruning/types.ts';
import type { TrainingLine } from '../types.ts';
import { legendOf, legendWidth } from './legend.ts';
import {
  axisStyle,
  baseOption,
  drawLine,
  type Look,
  type PlacedPoint,
  type Title,
  titleHeight,
  titleOf,
} from './parts.ts';
import { spanDecades, spanEvenly } from './scales.ts';

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

export function titleTraining(
  experiment: string,
  granularity: Granularity,
  lines: readonly TrainingLine[],
): Title {
  const seeds = Math.max(
    1,
    ...lines.flatMap(({ points }) => points.map(({ testAccuracy }) => testAccuracy?.seeds ?? 1)),
  );
  return {
    text: `${experiment}: training, methods for pruning ${granularity}s`,
    subtext: seeds > 1 ? `mean over up to ${seeds} seeds, band ± 1 standard deviation` : 'one seed',
  };
}

/** @param lines at least one */
export function chartTraining(
  experiment: string,
  granularity: Granularity,
  lines: readonly TrainingLine[],
  look: Look,
): EChartsOption {
  const title = titleTraining(experiment, granularity, lines);
  const titled = titleHeight(title, look.width);
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
    title: titleOf(look, title),
    legend: legendOf(look, lines, titled),
    grid: layOut(look, panels, { title: titled, legend: legendWidth(lines) }),
    xAxis: panels.map((_, index) => epochAxis(index)),
    yAxis: panels.map((panel, index) => valueAxis(panel, index, lines, look)),
    series: lines.flatMap((line) =>
      panels.flatMap(({ value }, index) =>
        drawLine(line, place(line, value), look, { xAxisIndex: index, yAxisIndex: index }),
      ),
    ),
  };
}

/** From below the bands to above them: the library knows of the means alone. */
function valueAxis(
  { value, name }: TrainingPanel,
  gridIndex: number,
  lines: readonly TrainingLine[],
  look: Look,
): YAXisComponentOption {
  const style = { ...axisStyle(look, name, 52), gridIndex };
  const ends = lines
    .flatMap((line) => place(line, value))
    .flatMap(({ y, low = y, high = y }) => [y, low, high]);
  if (value === 'trainLoss') {
    // A band that reaches to 0 has no lower end here, and is cut off where the axis begins.
    const above = ends.filter((end) => end > LEAST_LOSS);
    return { ...style, type: 'log', ...(above.length > 0 && spanDecades(above)) };
  }
  return {
    ...style,
    type: 'value',
    ...(ends.length > 0 && spanEvenly(ends)),
    axisLabel: { ...style.axisLabel, formatter: formatRate },
  };
}

/** A grid for each panel in the room that title and legend leave. */
function layOut(
  { width, height, isAlone }: Look,
  panels: readonly TrainingPanel[],
  { title, legend }: { readonly title: number; readonly legend: number },
) {
  const top = isAlone ? title + 8 : 14;
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
