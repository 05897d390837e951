/** @file The runs of an experiment in a report: how they stand, what failed, and what each was made with. */
import { formatDuration, formatPercent } from '../format.ts';
import { isLeftOut } from '../runs/find.ts';
import { type Html, html } from './html.ts';
import type { RunReport } from './run-report.ts';

const STATES: readonly RunReport['state'][] = [
  'done',
  'under way',
  'failed',
  'damaged',
  'plugin missing',
  'unfinished',
];

/** What went wrong; nothing if nothing did. */
export function renderFailures(runs: readonly RunReport[]): Html {
  const failed = runs.filter(({ state }) => state === 'failed');
  const damaged = runs.filter(({ state }) => state === 'damaged');
  const plugin = runs.filter(({ state }) => state === 'plugin missing');
  if (failed.length + damaged.length + plugin.length === 0) return html``;
  const again = `tries ${failed.length === 1 ? 'it' : 'them'} again.`;
  return html`<div class="failures" role="alert">${renderReasons('Failed', failed)}
${failed.length > 0 && html`<p>The next <code>td run</code> ${again}</p>`}
${renderReasons('Damaged, and left out', damaged)}
${renderReasons('Left out, since a plugin is not loaded', plugin)}</div>`;
}

function renderReasons(title: string, runs: readonly RunReport[]): Html {
  if (runs.length === 0) return html``;
  return html`<h3>${title}</h3>
<ul>${runs.map(({ run, detail }) => html`<li><code>${run.id}</code>: ${detail}</li>`)}</ul>`;
}

/** A table of all runs, and their settings and environments behind it. */
export function renderRuns(runs: readonly RunReport[]): Html {
  if (runs.length === 0) return html`<p>There is a table of this experiment, but none of its runs.</p>`;
  const isValidated = runs.some((run) => validationOf(run) !== '');
  return html`<p>${countStates(runs)}</p>
<div class="scroll" role="region" tabindex="0" aria-label="Runs"><table class="runs">
<thead><tr><th scope="col">run</th><th scope="col">state</th><th scope="col">test accuracy</th>${isValidated && html`<th scope="col">validation accuracy</th>`}<th scope="col">time</th><th scope="col">engine</th></tr></thead>
<tbody>${runs.map((run) => renderRow(run, isValidated))}</tbody></table></div>
<details class="settings"><summary>Settings and environment of every run</summary>${runs.map(renderDetails)}</details>`;
}

function countStates(runs: readonly RunReport[]): string {
  const counts = STATES.flatMap((state) => {
    const count = runs.filter((run) => run.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}: ${counts.join(', ')}.`;
}

function renderRow(report: RunReport, isValidated: boolean): Html {
  const { run, state, detail, environment } = report;
  const time = secondsOf(run);
  const [first = ''] = detail.split('\n');
  return html`<tr><th scope="row"><code>${run.id}</code></th>
<td class="state ${state}">${state}${first !== '' && html`<br><small>${first}</small>`}</td>
<td>${run.state === 'done' ? formatPercent(run.summary.testAccuracy) : ''}</td>
${isValidated && html`<td>${validationOf(report)}</td>`}
<td>${time === undefined ? '' : formatDuration(time)}</td>
<td>${[environment.engine, environment.device].flatMap((fact) => (fact === undefined ? [] : formatFact(fact))).join(', ')}</td></tr>`;
}

/** `91.20 %`, or `91.20 % (epoch 7 is kept)`; nothing of a run without validation images, or that is not done. */
function validationOf({ run }: RunReport): string {
  if (run.state !== 'done' || run.summary.validationAccuracy === undefined) return '';
  const { validationAccuracy, bestEpoch } = run.summary;
  const kept = bestEpoch === undefined ? '' : ` (epoch ${bestEpoch} is kept)`;
  return `${formatPercent(validationAccuracy)}${kept}`;
}

function secondsOf(run: RunReport['run']): number | undefined {
  if (run.state === 'done') return run.summary.trainSeconds;
  return isLeftOut(run) ? undefined : run.checkpoint?.trainSeconds;
}

function renderDetails({ run, detail, warnings, environment, config }: RunReport): Html {
  return html`<details><summary><code>${run.id}</code></summary>
<p>Folder: <code>${run.directory}</code></p>
${detail !== '' && html`<pre>${detail}</pre>`}
${warnings.length > 0 && html`<ul>${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>`}
<pre>${config}</pre>
<dl class="environment">${Object.entries(environment).map(([name, value]) => html`<dt>${name}</dt><dd>${formatFact(value)}</dd>`)}</dl>
</details>`;
}

/** `onnx`, or of a record `node 20.19.0, td 0.1.0`. */
function formatFact(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, part]) => `${name} ${String(part)}`)
    .join(', ');
}
