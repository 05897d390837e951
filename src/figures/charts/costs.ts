/** @file Accuracy against what a network costs to run: a line a method, from its whole network to the left. */
import type { EChartsOption } from 'echarts';
import { formatRate } from '../../format.ts';
import type { Granularity } from '../../pruning/types.ts';
import type { CostFigure } from '../types.ts';
import { legendOf, legendWidth } from './legend.ts';
import { axisStyle, baseOption, drawLine, type Look, type Title, titleHeight, titleOf } from './parts.ts';

const AXES = { xAxisIndex: 0, yAxisIndex: 0 };

/** What the costs of a figure are. */
export function describeCost({ kind, isMeasured }: Pick<CostFigure, 'kind' | 'isMeasured'>): string {
  if (kind === 'latency') return 'milliseconds for one image in onnxruntime, median';
  return isMeasured
    ? 'multiply-adds of the exported network, share of those with nothing pruned'
    : 'multiply-adds of prunable layers by entries that are not zero, share of all';
}

export function titleCosts(experiment: string, granularity: Granularity, figure: CostFigure): Title {
  const text = `${experiment}: accuracy over ${figure.kind}, ${granularity}s pruned`;
  return { text, subtext: describeCost(figure) };
}

export function chartCosts(
  experiment: string,
  granularity: Granularity,
  figure: CostFigure,
  look: Look,
): EChartsOption {
  const { kind, lines } = figure;
  const format = (value: number) =>
    kind === 'latency' ? String(Number(value.toPrecision(3))) : formatRate(value);
  const name = kind === 'latency' ? 'ms for one image' : 'multiply-adds that are left';
  const x = axisStyle(look, name, 32);
  const y = axisStyle(look, 'test accuracy', 48);
  const title = titleCosts(experiment, granularity, figure);
  const titled = titleHeight(title, look.width);
  return {
    ...baseOption(look),
    title: titleOf(look, title),
    legend: legendOf(look, lines, titled),
    grid: {
      left: 64,
      right: look.isAlone ? legendWidth(lines) + 24 : 20,
      top: look.isAlone ? titled + 8 : 14,
      bottom: 52,
    },
    xAxis: { ...x, type: 'value', min: 0, axisLabel: { ...x.axisLabel, formatter: format } },
    yAxis: { ...y, type: 'value', min: 0, max: 1, axisLabel: { ...y.axisLabel, formatter: formatRate } },
    series: lines.flatMap((line) =>
      drawLine(
        line,
        line.points.map(({ cost, accuracy: { mean, deviation } }) => ({
          x: cost,
          y: mean,
          ...(deviation !== undefined && {
            low: Math.max(0, mean - deviation),
            high: Math.min(1, mean + deviation),
          }),
        })),
        look,
        AXES,
      ),
    ),
  };
}
