/** @file td show: everything about one run. */

import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Difference, differencesFromDefaults } from '../config/differences.ts';
import { toOneLine } from '../errors.ts';
import { formatPoints, formatRate } from '../format.ts';
import { findOtherImages } from '../runner/data-identity.ts';
import { type Condition, conditionOf } from '../runs/condition.ts';
import { RUN_FILES } from '../runs/directory.ts';
import { readEnvironment } from '../runs/environment.ts';
import type { DamagedRun, FoundRun } from '../runs/find.ts';
import { findNamedRun } from '../runs/find-named-run.ts';
import { type MetricsRow, readMetrics } from '../runs/metrics.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { readSweep, type SweepRow, sweepPath } from '../sweeps/rows.ts';
import { widthOf } from '../terminal/capabilities.ts';
import { requireResultsFolder } from '../terminal/experiments.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { tellFaults } from '../terminal/found-runs.ts';
import { jsonOption, resultsOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { plot } from '../terminal/plot.ts';
import { wordState } from '../terminal/run-state.ts';
import { grouped, percent } from '../terminal/words.ts';

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

interface ShownRun {
  readonly run: FoundRun;
  /** Why it is not done. */
  readonly condition?: Condition;
  /** As it was written when training began. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly settings: readonly Difference[];
  readonly metrics: readonly MetricsRow[];
  readonly sweep: readonly SweepRow[];
  readonly files: readonly RunFile[];
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
    const shown = readRun(run);
    if (json) printJson(shown);
    else printRun(shown);
    // It is shown all the same: its settings say which images to bring back.
    tellFaults(await findOtherImages([run], startFetchStage));
  }
}

function showDamaged(run: DamagedRun, json: boolean): void {
  const files = listFiles(run.directory);
  if (json) printJson({ run, files });
  else {
    print(`${run.identity.experiment}/${run.id}: ${wordState(run, undefined).state}`);
    printFiles(run.directory, files);
  }
  tellFaults([run.reason]);
}

interface RunFile {
  readonly name: string;
  readonly bytes: number;
}

function readRun(run: FoundRun): ShownRun {
  const { directory, identity, id } = run;
  const hasSettings = existsSync(join(directory, RUN_FILES.config));
  const results = join(directory, '../../..');
  const isOwn = ({ runId }: SweepRow) => runId.startsWith(`${id}@`);
  return {
    run,
    ...(run.state === 'done' ? {} : { condition: conditionOf(directory) }),
    environment: readEnvironment(directory) ?? {},
    settings: hasSettings ? differencesFromDefaults(readRunSettings(directory).settings) : [],
    metrics: readMetrics(directory),
    sweep: readSweep(sweepPath(results, identity.experiment)).filter(isOwn),
    files: listFiles(directory),
  };
}

/** Links that lead nowhere are among them. */
function listFiles(directory: string): RunFile[] {
  return readdirSync(directory)
    .toSorted()
    .map((name) => ({ name, bytes: lstatSync(join(directory, name)).size }));
}

function printRun({ run, condition, environment, settings, metrics, sweep, files }: ShownRun): void {
  const { state, accuracy, time } = wordState(run, condition);
  const facts = [state, accuracy && `test accuracy ${accuracy}`, time].filter((fact) => fact !== '');
  print(`${run.identity.experiment}/${run.id}: ${facts.join(', ')}`);
  if (condition?.kind === 'failed') print(`reason: ${condition.reason}`);
  if (condition?.kind === 'under way') print(`by ${condition.owner}`);
  const [engine, device, cpu] = [environment.engine, environment.device, environment.cpu].map(wordFact);
  print(`engine ${engine} on ${device}, ${cpu}`);
  print('\nSettings that differ from the defaults');
  const word = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  printTable(
    ['setting', 'value', 'default'],
    settings.map(({ path, value, default: usual }) => [path, word(value), word(usual)]),
  );
  if (metrics.length > 0) printCurves(metrics);
  if (sweep.length > 0) printSweep(sweep);
  printFiles(run.directory, files);
}

function printFiles(directory: string, files: readonly RunFile[]): void {
  print(`\nFiles in ${directory}`);
  const sizes = files.map(({ name, bytes }) => [name, `${grouped(bytes)} bytes`]);
  printTable(['file', 'size'], sizes);
}

function wordFact(fact: unknown): string {
  return typeof fact === 'string' ? toOneLine(fact) : 'unknown';
}

function printCurves(metrics: readonly MetricsRow[]): void {
  const last = metrics.at(-1)?.epoch ?? 0;
  const width = widthOf(process.stdout);
  const draw = (values: readonly number[], word: (value: number) => string) =>
    print(plot(values, word, width).join('\n'));
  print(`\nTest accuracy, epochs 1 to ${last}`);
  draw(
    metrics.map(({ testAccuracy }) => testAccuracy),
    percent,
  );
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
