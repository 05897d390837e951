/** @file td show: everything about one run. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Difference, differencesFromDefaults } from '../config/differences.ts';
import { expandRuns } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import { toOneLine } from '../errors.ts';
import { formatPercent, formatRate } from '../results/comparison.ts';
import { type Condition, conditionOf } from '../results/condition.ts';
import { environmentSchema } from '../results/environment.ts';
import { readJson } from '../results/files.ts';
import type { FoundRun } from '../results/find-runs.ts';
import { type MetricsRow, readMetrics } from '../results/metrics.ts';
import { RUN_FILES } from '../results/run-directory.ts';
import { readSweep, type SweepRow, sweepPath } from '../results/sweep-table.ts';
import { widthOf } from '../terminal.ts';
import { requireResultsFolder } from './experiments.ts';
import { findNamedRun } from './named-run.ts';
import { print, printJson, printTable } from './output.ts';
import { plot } from './plot.ts';
import { wordState } from './run-state.ts';
import { grouped, percent } from './words.ts';

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
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/** @throws UserError if there is no such run, or one of its files is malformed */
export function show(argument: string, { json = false, results }: ShowOptions): void {
  requireResultsFolder(results, 'read');
  const shown = readRun(findNamedRun(argument, results));
  if (json) printJson(shown);
  else printRun(shown);
}

function readRun(run: FoundRun): ShownRun {
  const { directory, identity, id } = run;
  const [spec] = expandRuns(loadExperiment(join(directory, RUN_FILES.config)));
  const results = join(directory, '../../..');
  const isOwn = ({ runId }: SweepRow) => runId.startsWith(`${id}@`);
  return {
    run,
    ...(run.state === 'done' ? {} : { condition: conditionOf(directory) }),
    environment: readJson(join(directory, RUN_FILES.environment), environmentSchema) ?? {},
    settings: spec === undefined ? [] : differencesFromDefaults(spec.settings),
    metrics: readMetrics(directory),
    sweep: readSweep(sweepPath(results, identity.experiment)).filter(isOwn),
    files: readdirSync(directory)
      .toSorted()
      .map((name) => ({ name, bytes: statSync(join(directory, name)).size })),
  };
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
  print(`\nFiles in ${run.directory}`);
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
      return row === undefined ? '' : formatPercent(row.accuracy);
    };
    return [formatRate(rate), accuracyOf('weight'), accuracyOf('unit')];
  });
  printTable(['pruned', 'weights', 'units'], rows);
}
