/** @file td show: everything about one run. */

import type { Command } from 'commander';
import { toOneLine } from '../errors.ts';
import { formatPoints, formatRate } from '../format.ts';
import { findOtherImages } from '../runner/data-identity.ts';
import { type DamagedRun, refusalOf } from '../runs/find.ts';
import { findNamedRun } from '../runs/find-named-run.ts';
import type { MetricsRow } from '../runs/metrics.ts';
import { type EvaluationView, labelView, noteView } from '../sweeps/evaluations.ts';
import type { SweepRow } from '../sweeps/rows.ts';
import { listFiles, type RunDetails, type RunFile, readRunDetails } from '../sweeps/run-details.ts';
import { widthOf } from '../terminal/capabilities.ts';
import { type ViewOptions, viewOf, viewOptions } from '../terminal/evaluation-options.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { tellFaults } from '../terminal/found-runs.ts';
import { jsonOption, resultsOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { plot } from '../terminal/plot.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { describeState } from '../terminal/run-state.ts';
import { formatInteger, formatPercent } from '../terminal/words.ts';

const HELP = `
What pruning leaves is shown under one evaluation, which its heading names
unless it is dense; "td sweep --help" says what they are.

Examples:
  td show mnist-mlp/targeted-weight/0
  td show mnist-mlp/targeted-weight/0 --evaluate gamma
  td show results/mnist-mlp/none/seed-0-da4f2546 --json`;

export function define(command: Command): void {
  for (const option of [...viewOptions(), jsonOption(), resultsOption()]) command.addOption(option);
  command.addHelpText('after', HELP).action(show);
}

export interface ShowOptions extends ViewOptions {
  readonly json?: boolean;
  readonly results: string;
}

/**
 * Of a damaged run nothing is shown but what is wrong with it, and its files; exit code 1.
 *
 * @throws UserError if there is no such run, its sweep.csv is malformed, it was not evaluated in the way that is asked for, or it lacks its plugin
 */
export async function show(argument: string, options: ShowOptions): Promise<void> {
  const { json = false, results } = options;
  requireResultsFolder(results, 'read');
  const run = findNamedRun(argument, results);
  if (run.state === 'plugin missing') throw refusalOf(run);
  if (run.state === 'damaged') showDamaged(run, json);
  else {
    const view = viewOf(options);
    const details = readRunDetails(run, view);
    if (json) printJson(details);
    else printRun(details, view);
    // It is shown all the same: its settings say which images to bring back.
    tellFaults(await findOtherImages([run], startFetchStage));
  }
}

function showDamaged(run: DamagedRun, json: boolean): void {
  const files = listFiles(run.directory);
  if (json) printJson({ run, files });
  else {
    print(`${run.identity.experiment}/${run.id}: ${describeState(run, undefined).state}`);
    printFiles(run.directory, files);
  }
  tellFaults([run.reason]);
}

function printRun(details: RunDetails, view: EvaluationView): void {
  const { run, condition, environment, settings, metrics, files } = details;
  const { state, accuracy, time } = describeState(run, condition);
  const validation = run.state === 'done' ? run.summary.validationAccuracy : undefined;
  const facts = [
    state,
    accuracy && `test accuracy ${accuracy}`,
    validation === undefined ? '' : `validation accuracy ${formatPercent(validation)}`,
    time,
  ].filter((fact) => fact !== '');
  print(`${run.identity.experiment}/${run.id}: ${facts.join(', ')}`);
  if (condition?.kind === 'failed') print(`reason: ${condition.reason}`);
  if (condition?.kind === 'under way') print(`by ${condition.owner}`);
  const [engine, device, cpu] = [environment.engine, environment.device, environment.cpu].map(describeFact);
  print(`engine ${engine} on ${device}, ${cpu}`);
  print('\nSettings that differ from the defaults');
  const format = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  printTable(
    ['setting', 'value', 'default'],
    settings.map(({ path, value, default: usual }) => [path, format(value), format(usual)]),
  );
  if (metrics.length > 0) printCurves(metrics);
  printSweep(details, view);
  printFiles(run.directory, files);
}

function printFiles(directory: string, files: readonly RunFile[]): void {
  print(`\nFiles in ${directory}`);
  const sizes = files.map(({ name, bytes }) => [name, `${formatInteger(bytes)} bytes`]);
  printTable(['file', 'size'], sizes);
}

function describeFact(fact: unknown): string {
  return typeof fact === 'string' ? toOneLine(fact) : 'unknown';
}

function printCurves(metrics: readonly MetricsRow[]): void {
  const epochs = `epochs ${metrics[0]?.epoch} to ${metrics.at(-1)?.epoch}`;
  const width = widthOf(process.stdout);
  const draw = (values: readonly number[], format: (value: number) => string) =>
    print(plot(values, format, width).join('\n'));
  print(`\nTest accuracy, ${epochs}`);
  draw(
    metrics.map(({ testAccuracy }) => testAccuracy),
    formatPercent,
  );
  const validated = metrics.flatMap(({ validationAccuracy }) => validationAccuracy ?? []);
  if (validated.length > 0) {
    const { bestEpoch } = metrics.at(-1) ?? {};
    const kept =
      bestEpoch === undefined ? '' : `; that of epoch ${bestEpoch} is the best, whose network is kept`;
    print(`\nValidation accuracy, ${epochs}${kept}`);
    draw(validated, formatPercent);
  }
  print(`\nTraining loss, ${epochs}`);
  draw(
    metrics.map(({ trainLoss }) => trainLoss),
    (loss) => loss.toPrecision(3),
  );
}

function printSweep({ sweep, otherEvaluations }: RunDetails, view: EvaluationView): void {
  const others =
    otherEvaluations.length === 0
      ? []
      : [`Evaluated otherwise, too: ${otherEvaluations.join('; ')} (--evaluate, --recalibrated).`];
  if (sweep.length > 0) printAccuracies(sweep, `Test accuracy in percent after pruning${labelView(view)}`);
  const notes = [...noteView(view, sweep), ...others];
  if (notes.length > 0) print(`\n${notes.map((note) => `- ${note}`).join('\n')}`);
}

function printAccuracies(sweep: readonly SweepRow[], title: string): void {
  print(`\n${title}`);
  const rates = [...new Set(sweep.map(({ pruneRate }) => pruneRate))].toSorted((a, b) => a - b);
  const rows = rates.map((rate) => {
    const accuracyOf = (granularity: SweepRow['granularity']) => {
      const row = sweep.find(
        (candidate) => candidate.pruneRate === rate && candidate.granularity === granularity,
      );
      return row === undefined ? '' : formatPoints(row.accuracy);
    };
    return [formatRate(rate), accuracyOf('weight'), accuracyOf('unit')];
  });
  printTable(['pruned', 'weights', 'units'], rows);
}
