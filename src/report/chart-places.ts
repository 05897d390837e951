/** @file The places of charts in a page, with what a reader needs to understand each, and the switches for all of them. */

import { describeCost } from '../figures/charts/costs.ts';
import type {
  AccuracyFigure,
  CostFigure,
  CostKind,
  GranularityFigures,
  TrainingLine,
} from '../figures/types.ts';
import { formatRate } from '../format.ts';
import { groupBy } from '../maps.ts';
import type { Granularity } from '../pruning/types.ts';
import type { GridTable } from '../tables/grid-table.ts';
import { type Html, html } from './html.ts';

/** Kinds of chart, as the page's script knows them. */
export type ChartKind = 'accuracy' | 'training' | 'weights' | 'layers' | 'grid' | CostKind;

interface ChartText {
  readonly title: string;
  readonly explanation: string;
}

interface ChartPlace extends ChartText {
  readonly kind: ChartKind;
  /** Of a chart that there is one of for each evaluation. */
  readonly evaluation?: string;
  /** Of one of several grids, from 0. */
  readonly grid?: number;
}

/** The switches for the charts of an experiment. */
export function renderControls(
  index: number,
  granularities: readonly Granularity[],
  evaluations: readonly string[],
): Html {
  const choices: Readonly<Record<Granularity, string>> = { weight: 'weights', unit: 'units' };
  return html`<form class="controls" data-experiment="${index}" aria-label="What the charts show" hidden>
${
  granularities.length > 1 &&
  radios(
    index,
    'granularity',
    'Pruned',
    granularities.map((value) => [value, choices[value]]),
  )
}
${
  evaluations.length > 1 &&
  radios(
    index,
    'evaluation',
    'Evaluation',
    evaluations.map((name) => [name, name]),
  )
}
${radios(index, 'accuracyScale', 'Accuracy axis', [
  ['linear', 'linear'],
  ['logit', 'logit'],
])}
${radios(index, 'rateScale', 'Prune rate axis', [
  ['kept', 'logarithmic'],
  ['linear', 'linear'],
])}
<fieldset class="methods" hidden><legend>Methods</legend></fieldset>
</form>`;
}

function radios(
  index: number,
  name: string,
  legend: string,
  choices: readonly (readonly [string, string])[],
): Html {
  const option = ([value, label]: readonly [string, string], place: number) => {
    const checked = place === 0 ? html` checked` : html``;
    return html`<label><input type="radio" name="${name}-${index}" data-name="${name}" value="${value}"${checked}><span>${label}</span></label>`;
  };
  return html`<fieldset><legend>${legend}</legend><div class="choices">${choices.map(option)}</div></fieldset>`;
}

/**
 * The charts about one granularity.
 *
 * @param dense ` (dense)` where a page shows other evaluations, too, else nothing
 */
export function renderCharts(index: number, figures: GranularityFigures, dense: string): Html {
  const { granularity } = figures;
  return html`<div class="charts" data-granularity="${granularity}">${listCharts(figures, dense).map((chart) => renderChart(index, granularity, chart))}</div>`;
}

function renderChart(
  index: number,
  granularity: Granularity,
  { kind, evaluation, grid, title, explanation }: ChartPlace,
): Html {
  const id = [kind, granularity, index, evaluation?.replaceAll(/\W+/g, '-') ?? grid ?? []].flat().join('-');
  const own = evaluation !== undefined && html` data-evaluation="${evaluation}"`;
  const number = grid !== undefined && html` data-grid="${grid}"`;
  return html`<figure${own}>
<figcaption><h4 id="${id}">${title}</h4><p>${explanation}</p></figcaption>
<div class="chart" data-experiment="${index}" data-granularity="${granularity}" data-chart="${kind}"${own}${number} role="group" tabindex="0" aria-labelledby="${id}"></div>
<p class="reading" aria-live="polite"></p>
</figure>`;
}

function listCharts(figures: GranularityFigures, dense: string): ChartPlace[] {
  const { granularity, accuracy, training, weights, layers, costs = [], grids = [] } = figures;
  const charts = accuracy.map(
    (figure): ChartPlace => ({
      kind: 'accuracy',
      evaluation: figure.evaluation,
      ...describeAccuracy(granularity, figure),
    }),
  );
  for (const [grid, table] of grids.entries())
    charts.push({ kind: 'grid', grid, ...describeGrid(table, dense) });
  for (const figure of costs) charts.push({ kind: figure.kind, ...describeCosts(figure, dense) });
  if (weights !== undefined) charts.push({ kind: 'weights', ...describeWeights(granularity, weights.rate) });
  if (layers !== undefined) charts.push({ kind: 'layers', ...describeLayers(granularity) });
  if (training.length > 0) charts.push({ kind: 'training', ...describeTraining(training) });
  return charts;
}

function describeAccuracy(
  granularity: Granularity,
  { evaluation, suffix, lines }: AccuracyFigure,
): ChartText {
  const explanation =
    'The farther to the right a line stays up, the more of the network can go. Bands: one standard deviation over seeds.';
  const title = `Test accuracy after pruning ${granularity}s`;
  if (suffix === '') return { title, explanation };
  const groups = [...groupBy(lines, ({ terms }) => terms)].map(
    ([terms, own]) => `${terms} (${own.map(({ heading }) => heading).join(', ')})`,
  );
  return {
    title: `${title} (${evaluation})`,
    explanation: `${explanation} Evaluation: ${groups.join('; ')}.`,
  };
}

function describeWeights(granularity: Granularity, rate: number): ChartText {
  const isUnit = granularity === 'unit';
  return {
    title: isUnit ? "Where the units' norms lie" : 'Where the weights lie',
    explanation: `${isUnit ? 'Norms of units' : 'Magnitudes of weights'} in trained networks, measured in the root mean square of their layer; all prunable layers count alike. What pruning at ${formatRate(rate)} removes is set off: the less of the squared norm it holds, the less pruning takes away.`,
  };
}

function describeLayers(granularity: Granularity): ChartText {
  return {
    title: `Sparsity of each layer, ${granularity}s`,
    explanation:
      'Share of each prunable layer that training left at zero or nearly, below a tenth of its root mean square, and share of zeros once it is pruned.',
  };
}

function describeGrid({ base, axes, granularity, pruneRate }: GridTable, dense: string): ChartText {
  return {
    title: `${base}: ${axes[0]} and ${axes[1]}${dense}`,
    explanation: `Test accuracy in percent with ${formatRate(pruneRate)} of ${granularity}s pruned, where the variants of this grid lie farthest apart; mean over seeds.`,
  };
}

function describeCosts(figure: CostFigure, dense: string): ChartText {
  return {
    title: `Accuracy over ${figure.kind}${dense}`,
    explanation: `Each line goes from the whole network to the left as more of it is pruned; across: ${describeCost(figure)}.`,
  };
}

function describeTraining(lines: readonly TrainingLine[]): ChartText {
  const isValidated = lines.some(({ points }) => points.some((point) => point.validationAccuracy));
  const validation = isValidated ? ' and on the validation images, which were held out of training,' : '';
  return {
    title: 'Training',
    explanation: `Accuracy on the test images${validation} with nothing pruned, and loss on the training images, after each epoch.`,
  };
}
