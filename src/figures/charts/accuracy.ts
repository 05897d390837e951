/** @file Accuracy against prune rate: a line a method, a band of one standard deviation over seeds. */
import type { EChartsOption } from 'echarts';
import type { Granularity } from '../../pruning/types.ts';
import type { Cell } from '../../tables/cell.ts';
import type { AccuracyFigure, AccuracyLine } from '../types.ts';
import { legendOf, legendWidth } from './legend.ts';
import { axisStyle, baseOption, drawLine, type Look, type Title, titleHeight, titleOf } from './parts.ts';
import { KEPT, LINEAR, LOGIT, spanAxis } from './scales.ts';

export interface AccuracyView {
  readonly accuracyScale: 'linear' | 'logit';
  readonly rateScale: 'linear' | 'kept';
}

/** The last tenth of a network is where methods part: an even axis would crush it. */
export const USUAL_VIEW: AccuracyView = { accuracyScale: 'linear', rateScale: 'kept' };

export function titleAccuracy(
  experiment: string,
  granularity: Granularity,
  { evaluation, suffix, lines }: AccuracyFigure,
): Title {
  const name = suffix === '' ? experiment : `${experiment} (${evaluation})`;
  const text = `${name}: test accuracy after pruning ${granularity}s`;
  return { text, subtext: describeLines(lines) };
}

export function chartAccuracy(
  experiment: string,
  granularity: Granularity,
  figure: AccuracyFigure,
  look: Look,
  { accuracyScale, rateScale }: AccuracyView = USUAL_VIEW,
): EChartsOption {
  const scales = {
    x: rateScale === 'kept' ? KEPT : LINEAR,
    y: accuracyScale === 'logit' ? LOGIT : LINEAR,
  };
  const { lines } = figure;
  const points = lines.flatMap((line) => line.points);
  const labels = labelLines(lines);
  const title = titleAccuracy(experiment, granularity, figure);
  const titled = titleHeight(title, look.width);
  const x = spanAxis(
    scales.x,
    points.map(({ rate }) => rate),
  );
  // An even axis shows the whole range, so that no difference looks larger than it is.
  const shown = accuracyScale === 'linear' ? [0, 1] : points.flatMap(({ accuracy }) => listShares(accuracy));
  const y = spanAxis(scales.y, shown);
  const axis = ({ min, max, ticks, nameTick }: typeof x, name: string, gap: number) => {
    const style = axisStyle(look, name, gap);
    const customValues = [...ticks];
    const axisLabel = { ...style.axisLabel, customValues, formatter: nameTick, hideOverlap: true };
    const axisTick = { ...style.axisTick, customValues };
    return { ...style, type: 'value' as const, min, max, axisLabel, axisTick };
  };
  return {
    ...baseOption(look),
    title: titleOf(look, title),
    legend: legendOf(look, lines, titled, labels),
    grid: {
      left: 64,
      right: look.isAlone ? legendWidth(lines, labels) + 24 : 20,
      top: look.isAlone ? titled + 8 : 14,
      bottom: 52,
    },
    xAxis: axis(
      x,
      `${granularity}s pruned${rateScale === 'kept' ? ' (logarithmic in what is kept)' : ''}`,
      32,
    ),
    yAxis: axis(y, 'test accuracy', 48),
    series: lines.flatMap((line) => drawLine(line, placePoints(line, scales), look, FIRST_AXES)),
  };
}

/** By heading, what each line is called: with how it was evaluated where they differ in that. */
export function labelLines(lines: readonly AccuracyLine[]): ReadonlyMap<string, string> {
  const isMixed = new Set(lines.map(({ terms }) => terms)).size > 1;
  return new Map(lines.map(({ heading, terms }) => [heading, isMixed ? `${heading} [${terms}]` : heading]));
}

const FIRST_AXES = { xAxisIndex: 0, yAxisIndex: 0 };

type Scales = Readonly<Record<'x' | 'y', { place(share: number): number }>>;

function placePoints({ points }: AccuracyLine, { x, y }: Scales) {
  return points.map(({ rate, accuracy: { mean, deviation } }) => ({
    x: x.place(rate),
    y: y.place(mean),
    ...(deviation !== undefined && {
      low: y.place(Math.max(0, mean - deviation)),
      high: y.place(Math.min(1, mean + deviation)),
    }),
  }));
}

/** What a logit axis has to have a place for: it has none for ends of a band that lie at 0 or 1, or beyond. */
function listShares({ mean, deviation = 0 }: Cell): number[] {
  return [mean, ...[mean - deviation, mean + deviation].filter((share) => share > 0 && share < 1)];
}

function describeLines(lines: readonly AccuracyLine[]): string {
  const points = lines.flatMap((line) => line.points);
  const most = Math.max(0, ...points.map(({ accuracy }) => accuracy.seeds));
  const spread = most > 1 ? `mean over up to ${most} seeds, band ± 1 standard deviation` : 'one seed';
  const [terms = '', other] = new Set(lines.map((line) => line.terms));
  const shared = other !== undefined || terms === 'dense' ? '' : `; ${terms}`;
  return `pruned without retraining; ${spread}${shared}`;
}
