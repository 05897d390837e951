/** @file One experiment in a report. */
import type { GranularityFigures } from '../figures/types.ts';
import { renderMethodTable, renderReach } from './accuracy-tables.ts';
import { renderCharts, renderControls } from './chart-places.ts';
import type { ExperimentReport } from './collect-report.ts';
import { renderGains } from './gains.ts';
import { type Html, html } from './html.ts';
import { describeOutcome } from './outcome.ts';
import { measureReach } from './reach.ts';
import { renderFailures, renderRuns } from './runs-section.ts';

/** @param index of the experiment in the report */
export function renderExperiment(report: ExperimentReport, index: number): Html {
  const { experiment, granularities } = report.figures;
  const hasCharts = granularities.some(({ accuracy, training }) => accuracy.length + training.length > 0);
  return html`<section class="experiment" id="experiment-${index}" aria-labelledby="name-${index}">
<h2 id="name-${index}">${experiment}</h2>
<p class="facts">${report.facts.join(', ')}</p>
${renderFailures(report.runs)}
<h3>What came out</h3>
${granularities.map(renderOutcome)}
${
  hasCharts &&
  html`<div class="figures"><h3>Figures</h3>
<p class="hint">Point at a chart to read its values, or move to it with the Tab key and use the arrow keys.</p>
${renderControls(
  index,
  granularities.map(({ granularity }) => granularity),
)}
<noscript><p>The charts need JavaScript. The same numbers are in the tables below.</p></noscript>
${granularities.map((figures) => renderCharts(index, figures))}</div>`
}
${report.gains.map(({ gains, granularity }) => renderGains(gains, granularity))}
${report.tables.length > 0 && html`<h3>Tables</h3>${report.tables.map(renderMethodTable)}`}
${
  report.published.length > 0 &&
  html`<details><summary>Beside the numbers that the paper published</summary>${report.published.map(renderMethodTable)}</details>`
}
<h3>Runs</h3>
${renderRuns(report.runs)}
</section>`;
}

function renderOutcome(figures: GranularityFigures): Html {
  const { granularity, accuracy } = figures;
  const reaches = measureReach(accuracy);
  if (reaches === undefined)
    return html`<p>No network was pruned by ${granularity}s yet, or none was evaluated unpruned: <code>td sweep</code> does it.</p>`;
  return html`<div class="summary"><h4>Pruning ${granularity}s</h4>
<p>${describeOutcome(figures).join(' ')}</p>
${renderReach(reaches, granularity)}</div>`;
}
