/** @file One experiment in a report. */
import type { AccuracyFigure, GranularityFigures } from '../figures/types.ts';
import type { Granularity } from '../pruning/types.ts';
import { renderMethodTable, renderReach } from './accuracy-tables.ts';
import { renderCharts, renderControls } from './chart-places.ts';
import type { EvaluationReport, ExperimentReport } from './collect-report.ts';
import { renderGains } from './gains-section.ts';
import { type Html, html } from './html.ts';
import { describeOutcome } from './outcome.ts';
import { measureReach } from './reach.ts';
import { renderFailures, renderRuns } from './runs-section.ts';

/** @param index of the experiment in the report */
export function renderExperiment(report: ExperimentReport, index: number): Html {
  const { experiment, granularities } = report.figures;
  const hasCharts = granularities.some(({ accuracy, training }) => accuracy.length + training.length > 0);
  // What is shown under one evaluation alone says so, where others are on the page.
  const dense = report.evaluations.length > 1 ? ' (dense)' : '';
  return html`<section class="experiment" id="experiment-${index}" aria-labelledby="name-${index}">
<h2 id="name-${index}">${experiment}</h2>
<p class="facts">${report.facts.join(', ')}</p>
${renderFailures(report.runs)}
<h3>What came out</h3>
${explainEvaluations(report.evaluations)}
${granularities.map(renderOutcomes)}
${
  hasCharts &&
  html`<div class="figures"><h3>Figures</h3>
<p class="hint">Point at a chart to read its values, or move to it with the Tab key and use the arrow keys.</p>
${renderControls(
  index,
  granularities.map(({ granularity }) => granularity),
  report.evaluations.map(({ evaluation }) => evaluation),
)}
<noscript><p>The charts need JavaScript. The same numbers are in the tables below.</p></noscript>
${granularities.map((figures) => renderCharts(index, figures, dense))}</div>`
}
${renderGains(report.gains, dense)}
${renderTables(report.evaluations)}
${
  report.published.length > 0 &&
  html`<details><summary>Beside the numbers that the paper published</summary>${report.published.map(renderMethodTable)}</details>`
}
<h3>Runs</h3>
${renderRuns(report.runs)}
</section>`;
}

/** Which evaluations there are, unless networks were evaluated as they are and in no other way. */
function explainEvaluations(evaluations: readonly EvaluationReport[]): Html {
  const [first, ...others] = evaluations;
  if (first === undefined || (first.evaluation === 'dense' && others.length === 0)) return html``;
  const intro =
    others.length === 0
      ? 'Pruned networks were evaluated in one way:'
      : 'Pruned networks were evaluated in several ways, which are shown one by one and never mixed:';
  return html`<p>${intro}</p>
<dl>${evaluations.map(({ evaluation, explanation }) => html`<dt>${evaluation}</dt><dd>${explanation}</dd>`)}</dl>`;
}

function renderOutcomes({ granularity, accuracy }: GranularityFigures): Html {
  const [first, ...others] = accuracy;
  if (first === undefined)
    return html`<p>No network was pruned by ${granularity}s and evaluated so yet: <code>td sweep</code> does it.</p>`;
  const name = others.length === 0 && first.suffix === '' ? '' : ` (${first.evaluation})`;
  return html`<div class="summary"><h4>Pruning ${granularity}s${name}</h4>
${renderOutcome(granularity, first)}</div>
${others.map(
  (figure) =>
    html`<details><summary>Pruning ${granularity}s, evaluated otherwise: ${figure.evaluation}</summary>
${renderOutcome(granularity, figure)}</details>`,
)}`;
}

function renderOutcome(granularity: Granularity, { lines, evaluation, suffix }: AccuracyFigure): Html {
  const reaches = measureReach(lines);
  if (reaches === undefined)
    return html`<p>No network was evaluated unpruned: <code>td sweep</code> does it.</p>`;
  const name = suffix === '' ? '' : ` (${evaluation})`;
  return html`<p>${describeOutcome(granularity, lines).join(' ')}</p>
${renderReach(reaches, granularity, name)}`;
}

/** The first evaluation at once, the others where a reader asks for them. */
function renderTables([first, ...others]: readonly EvaluationReport[]): Html {
  if (first === undefined) return html``;
  return html`<h3>Tables</h3>
${first.tables.map(renderMethodTable)}
${others.map(
  ({ evaluation, tables }) =>
    html`<details><summary>Tables, evaluated otherwise: ${evaluation}</summary>${tables.map(renderMethodTable)}</details>`,
)}`;
}
