/** @file What charts say of the place that is pointed at. Elements, not markup: names are text in them. */
import type { TooltipComponentOption } from 'echarts';
import type { AccuracyView } from '../../figures/charts/accuracy.ts';
import { KEPT, LINEAR } from '../../figures/charts/scales.ts';
import { styleOf, type Theme } from '../../figures/charts/theme.ts';
import { listPanels } from '../../figures/charts/training.ts';
import type {
  AccuracyLine,
  CostFigure,
  LayerFigure,
  Line,
  TrainingLine,
  WeightFigure,
} from '../../figures/types.ts';
import { formatPercent, formatRate } from '../../format.ts';
import { type Cell, formatCell } from '../../tables/cell.ts';
import type { GridTable } from '../../tables/grid-table.ts';

/** A line of a tooltip: its method, if it is one's, and what there is to say. */
interface Reading {
  readonly line?: Line;
  readonly name: string;
  readonly value: string;
}

/** The parts of the library's description of a place that are used here. */
interface Place {
  readonly value: unknown;
  readonly axisIndex?: number;
  readonly seriesName?: string;
  readonly seriesIndex?: number;
  readonly dataIndex: number;
}

export type Formatter = (place: Place | readonly Place[]) => HTMLElement;

/** Places on an axis are computed from decimals. */
const SAME_PLACE = 1e-9;

export function tooltipOf(
  trigger: 'axis' | 'item',
  theme: Theme,
  formatter: Formatter,
): TooltipComponentOption {
  return {
    trigger,
    confine: true,
    transitionDuration: 0,
    backgroundColor: theme.background,
    borderColor: theme.axis,
    textStyle: { color: theme.text, fontSize: 12 },
    axisPointer: {
      type: trigger === 'axis' ? 'line' : 'none',
      lineStyle: { color: theme.axis, type: 'solid' },
    },
    formatter: formatter as never,
  };
}

export function describeAccuracy(
  lines: readonly AccuracyLine[],
  { rateScale }: AccuracyView,
  theme: Theme,
): Formatter {
  const scale = rateScale === 'kept' ? KEPT : LINEAR;
  return (places) => {
    const x = firstNumber(places);
    const readings = lines.flatMap((line) => {
      const point = line.points.find(({ rate }) => Math.abs(scale.place(rate) - x) < SAME_PLACE);
      return point === undefined ? [] : [{ line, rate: point.rate, cell: point.accuracy }];
    });
    const [first] = readings;
    const ordered = readings.toSorted((a, b) => b.cell.mean - a.cell.mean);
    return list(
      first === undefined ? '' : `${formatRate(first.rate)} pruned`,
      ordered.map(({ line, cell }) => ({ line, name: line.heading, value: formatShare(cell) })),
      theme,
    );
  };
}

export function describeTraining(lines: readonly TrainingLine[], theme: Theme): Formatter {
  return (places) => {
    const epoch = firstNumber(places);
    const panel = listPanels(lines)[[places].flat()[0]?.axisIndex ?? 0];
    const isLoss = panel?.value === 'trainLoss';
    const readings = lines.flatMap((line): Reading[] => {
      const point = line.points.find((candidate) => candidate.epoch === epoch);
      const cell = panel && point?.[panel.value];
      if (cell === undefined) return [];
      return [{ line, name: line.heading, value: isLoss ? formatLoss(cell) : formatShare(cell) }];
    });
    return list(`epoch ${epoch}, ${panel?.title}`, readings, theme);
  };
}

export function describeWeights({ panels, binWidth }: WeightFigure, theme: Theme): Formatter {
  return (places) => {
    const [place] = [places].flat();
    const panel = panels[place?.axisIndex ?? 0];
    const bin = place?.dataIndex ?? 0;
    if (panel === undefined) return list('', [], theme);
    const lower = Number((bin * binWidth).toPrecision(6));
    const isLast = bin + 1 === panel.kept.length;
    const range = isLast ? `${lower} and more` : `${lower} to ${Number((lower + binWidth).toPrecision(6))}`;
    return list(
      `${panel.heading}: ${range} root mean squares`,
      [
        { name: 'removed', value: formatPercent(panel.removed[bin] ?? 0) },
        { name: 'kept', value: formatPercent(panel.kept[bin] ?? 0) },
      ],
      theme,
    );
  };
}

export function describeLayers({ layers, rows }: LayerFigure, theme: Theme): Formatter {
  return (places) => {
    const [place] = [places].flat();
    const [layer = 0, row = 0, share = 0] = Array.isArray(place?.value) ? (place.value as number[]) : [];
    const name = place?.seriesIndex === 1 ? 'zero after pruning' : 'zero or nearly, as trained';
    return list(
      `${rows[row]?.heading ?? ''}, ${layers[layer] ?? ''}`,
      [{ name, value: formatPercent(share) }],
      theme,
    );
  };
}

/** All methods at the rate of the point that is pointed at: their costs differ. */
export function describeCosts({ kind, lines }: CostFigure, theme: Theme): Formatter {
  return (places) => {
    const [place] = [places].flat();
    const own = lines.find(({ heading }) => heading === place?.seriesName);
    const rate = own?.points[place?.dataIndex ?? 0]?.rate;
    if (rate === undefined) return list('', [], theme);
    const readings = lines.flatMap((line): Reading[] => {
      const point = line.points.find((candidate) => candidate.rate === rate);
      if (point === undefined) return [];
      const left = formatRate(Number(point.cost.toFixed(3)));
      const cost = kind === 'latency' ? `${point.cost.toPrecision(3)} ms` : `${left} left`;
      return [{ line, name: line.heading, value: `${cost}: ${formatShare(point.accuracy)}` }];
    });
    return list(`${formatRate(rate)} pruned`, readings, theme);
  };
}

export function describeGrid({ axes, values, cells }: GridTable, theme: Theme): Formatter {
  return (places) => {
    const [place] = [places].flat();
    const [across = 0, down = 0] = Array.isArray(place?.value) ? (place.value as number[]) : [];
    const cell = cells[down]?.[across];
    const title = `${axes[0]} ${values[0][down] ?? ''}, ${axes[1]} ${values[1][across] ?? ''}`;
    return list(title, cell ? [{ name: 'test accuracy', value: formatShare(cell) }] : [], theme);
  };
}

function list(title: string, readings: readonly Reading[], theme: Theme): HTMLElement {
  const box = document.createElement('div');
  box.className = 'reading-box';
  const head = document.createElement('strong');
  head.textContent = title;
  box.append(head);
  const table = document.createElement('table');
  for (const { line, name, value } of readings) {
    const row = table.insertRow();
    const mark = row.insertCell();
    mark.textContent = line === undefined ? '' : '■';
    if (line !== undefined) mark.style.color = styleOf(line.style, theme).color;
    row.insertCell().textContent = name;
    row.insertCell().textContent = value;
  }
  box.append(table);
  return box;
}

function firstNumber(places: Place | readonly Place[]): number {
  const value = [places].flat()[0]?.value;
  return Number(Array.isArray(value) ? value[0] : value);
}

function formatShare(cell: Cell): string {
  const share = `${formatCell(cell)} %`;
  return cell.deviation === undefined ? share : `${share} (${cell.seeds} seeds)`;
}

function formatLoss({ mean, deviation, seeds }: Cell): string {
  const text = mean.toPrecision(4);
  return deviation === undefined ? text : `${text} ± ${deviation.toPrecision(2)} (${seeds} seeds)`;
}
