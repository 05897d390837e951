/** @file All that lies on disk about one run: settings, environment, metrics, its rows of the sweep, its files. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Difference, differencesFromDefaults } from '../config/differences.ts';
import { type Condition, conditionOf } from '../runs/condition.ts';
import { RUN_FILES } from '../runs/directory.ts';
import { readEnvironment } from '../runs/environment.ts';
import type { FoundRun } from '../runs/find.ts';
import { type MetricsRow, readMetrics } from '../runs/metrics.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { isPlain, readSweep, type SweepRow, sweepPath } from './rows.ts';

export interface RunDetails {
  readonly run: FoundRun;
  /** Why it is not done. */
  readonly condition?: Condition;
  /** As it was written when training began. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly settings: readonly Difference[];
  readonly metrics: readonly MetricsRow[];
  /** Of the network as it is. */
  readonly sweep: readonly SweepRow[];
  readonly files: readonly RunFile[];
}

export interface RunFile {
  readonly name: string;
  readonly bytes: number;
}

/** @throws UserError if the sweep of its experiment is malformed */
export function readRunDetails(run: FoundRun): RunDetails {
  const { directory, identity, id } = run;
  const hasSettings = existsSync(join(directory, RUN_FILES.config));
  const results = join(directory, '../../..');
  const isOwn = (row: SweepRow) => row.runId.startsWith(`${id}@`) && isPlain(row);
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

/** In alphabetical order. Links that lead nowhere are among them. */
export function listFiles(directory: string): RunFile[] {
  return readdirSync(directory)
    .toSorted()
    .map((name) => ({ name, bytes: lstatSync(join(directory, name)).size }));
}
