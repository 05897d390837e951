/** @file td show: everything about one run. */

import type { Command } from 'commander';
import { toOneLine } from '../errors.ts';
import { formatPoints, formatRate } from '../format.ts';
import { findOtherImages } from '../runner/data-identity.ts';
import type { DamagedRun } from '../runs/find.ts';
import { findNamedRun } from '../runs/find-named-run.ts';
import type { MetricsRow } from '../runs/metrics.ts';
import type { SweepRow } from '../sweeps/rows.ts';
import { listFiles, type RunDetails, type RunFile, readRunDetails } from '../sweeps/run-details.ts';
import { widthOf } from '../terminal/capabilities.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { tellFaults } from '../terminal/found-runs.ts';
import { jsonOption, resultsOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { plot } from '../terminal/plot.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { describeState } from '../terminal/run-state.ts';
import { formatInteger, formatPercent } from '../terminal/words.ts';

const HELP = `
Examples:
  td show mnist-mlp/targeted-weight/0
  td show results/mnist-mlp/none/seed-0-da4f2546 --json`;

export function define(command: Command): void {
  command.addOption(jsonOption()).addOption(resultsOption()).addHelpText('after', HELP).action(show);
}

export interface ShowOptions {
  readonly json?: boolean;
  readonly results: string;
}

/**
 * Of a damaged run nothing is shown but what is wrong with it, and its files; exit code 1.
 *
 * @throws UserError if there is no such run, or its sweep.csv is malformed
 */
export async function show(argument: string, { json = false, results }: ShowOptions): Promise<void> {
  requireResultsFolder(results, 'read');
  const run = findNamedRun(argument, results);
  if (run.state === 'damaged') showDamaged(run, json);
  else {
    const details = readRunDetails(run);
    if (json) printJson(details);
    else printRun(details);
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

function printRun({ run, condition, environment, settings, metrics, sweep, files }: RunDetails): void {
  const { state, accuracy, time } = describeState(run, condition);
  const facts = [state, accuracy && `test accuracy ${accuracy}`, time].filter((fact) => fact !== '');
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
  if (sweep.length > 0) printSweep(sweep);
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
  const last = metrics.at(-1)?.epoch ?? 0;
  const width = widthOf(process.stdout);
  const draw = (values: readonly number[], format: (value: number) => string) =>
    print(plot(values, format, width).join('\n'));
  print(`\nTest accuracy, epochs 1 to ${last}`);
  draw(
    metrics.map(({ testAccuracy }) => testAccuracy),
    formatPercent,
  );
  const validated = metrics.flatMap(({ validationAccuracy }) => validationAccuracy ?? []);
  if (validated.length > 0) {
    const { bestEpoch } = metrics.at(-1) ?? {};
    const kept =
      bestEpoch === undefined ? '' : `; that of epoch ${bestEpoch} is the best, whose network is kept`;
    print(`\nValidation accuracy, epochs 1 to ${last}${kept}`);
    draw(validated, formatPercent);
  }
  print(`\nTraining loss, epochs 1 to ${last}`);
  draw(
    metrics.map(({ trainLoss }) => trainLoss),
    (loss) => loss.toPrecision(3),
  );
}

function printSweep(sweep: readonly SweepRow[]): void {
  print('\nTest accuracy in percent after pruning');
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
