/** @file Writes trained runs into a folder in the form of MLflow's file store, where its page and its programs find them. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unlessUserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { makeDirectory } from '../files/directories.ts';
import type { FinishedRun } from '../runs/find.ts';
import { readLogEntries } from '../runs/log-entries.ts';
import { type MetricsRow, readMetrics } from '../runs/metrics.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { isPlain } from '../settings/plain.ts';
import type { SweepRow } from '../sweeps/rows.ts';
import { parseYaml } from '../yaml/parse.ts';
import { renderYaml } from '../yaml/render.ts';
import { toPlain } from '../yaml/tree.ts';

/** MLflow's numbers for "finished" and for a run of a local program. */
const FINISHED = 3;
const LOCAL = 4;

/** Bytes at the end of a log in which the times of epochs are looked for. */
const LOG_BYTES = 2 ** 24;

/** Columns of metrics.csv that say where a row stands, and are no metrics. */
const POSITIONS: readonly string[] = ['epoch', 'step', 'bestEpoch'];

/** A point of a metric. */
interface Point {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly value: number;
  readonly step: number;
}

/**
 * Writes runs into the store; those that it has already are written anew. Metrics of a training have the step as their step,
 * those of a sweep (`pruned weight/accuracy`) the prune rate in thousandths. Where the network of an earlier epoch is kept, `kept/testAccuracy` is its own.
 *
 * @param store is made if it is not there
 * @param rows of the sweep of the run's experiment
 * @returns the run's id in the store
 */
export function writeMlflowRun(store: string, run: FinishedRun, rows: readonly SweepRow[]): string {
  const { experiment, variant, seed } = run.identity;
  const { summary, directory } = run;
  const experimentId = findExperiment(store, experiment, Date.parse(summary.finishedAt));
  const id = createHash('sha256').update(`${experiment}/${run.id}`).digest('hex').slice(0, 32);
  const folder = join(store, experimentId, id);
  rmSync(folder, { recursive: true, force: true });
  const end = Date.parse(summary.finishedAt);
  const write = (path: string, text: string) => {
    makeDirectory(dirname(join(folder, path)));
    writeFileAtomic(join(folder, path), text);
  };
  const points = new Map([
    ...pointsOfTraining(directory, end),
    ...pointsOfKept(run, end),
    ...pointsOfSweep(rows, run, end),
  ]);
  for (const [name, list] of points)
    write(
      `metrics/${name}`,
      list.map(({ time, value, step }) => `${time} ${formatValue(value)} ${step}\n`).join(''),
    );
  const settings = readRunSettings(directory).settings;
  for (const [name, value] of flatten({ ...settings, seed, variant })) write(`params/${name}`, value);
  const tags = {
    'mlflow.runName': `${variant} seed ${seed}`,
    'td.folder': resolve(directory),
    'td.engine': summary.engine,
  };
  for (const [name, value] of Object.entries(tags)) write(`tags/${name}`, value);
  makeDirectory(join(folder, 'artifacts'));
  const meta = {
    artifact_uri: pathToFileURL(resolve(folder, 'artifacts')).href,
    end_time: end,
    entry_point_name: '',
    experiment_id: experimentId,
    lifecycle_stage: 'active',
    run_id: id,
    run_name: `${variant} seed ${seed}`,
    run_uuid: id,
    source_name: 'td',
    source_type: LOCAL,
    source_version: '',
    start_time: end - Math.round(1000 * summary.trainSeconds),
    status: FINISHED,
    tags: [],
    user_id: '',
  };
  // A run without this file is none: it comes last.
  write('meta.yaml', renderYaml(meta));
  return id;
}

/** The id of the experiment of that name, which is made if there is none. */
function findExperiment(store: string, name: string, time: number): string {
  const known = existsSync(store)
    ? readdirSync(store).find((id) => readExperimentName(join(store, id)) === name)
    : undefined;
  if (known !== undefined) return known;
  const id = (
    BigInt(`0x${createHash('sha256').update(name).digest('hex').slice(0, 14)}`) +
    10n ** 17n
  ).toString();
  const folder = join(store, id);
  makeDirectory(folder);
  const meta = {
    artifact_location: pathToFileURL(resolve(folder)).href,
    creation_time: time,
    experiment_id: id,
    last_update_time: time,
    lifecycle_stage: 'active',
    name,
  };
  writeFileAtomic(join(folder, 'meta.yaml'), renderYaml(meta));
  return id;
}

/** @returns nothing if the folder is not that of an experiment */
function readExperimentName(folder: string): unknown {
  const path = join(folder, 'meta.yaml');
  if (!existsSync(path)) return undefined;
  const meta = unlessUserError(() => toPlain(parseYaml(readFileSync(path, 'utf8'), () => path)));
  return isPlain(meta) ? meta.name : undefined;
}

function pointsOfTraining(directory: string, end: number): Map<string, Point[]> {
  const times = new Map(
    readLogEntries(directory, LOG_BYTES).flatMap((entry) => {
      const { epoch, time } = (entry ?? {}) as { readonly epoch?: unknown; readonly time?: unknown };
      return typeof epoch === 'number' && typeof time === 'number' ? [[epoch, time] as const] : [];
    }),
  );
  const points = new Map<string, Point[]>();
  for (const row of readMetrics(directory)) {
    const { epoch, step } = row;
    for (const [name, value] of Object.entries(row) as [keyof MetricsRow, number | undefined][]) {
      if (POSITIONS.includes(name) || value === undefined) continue;
      const list = points.get(name) ?? [];
      list.push({ time: times.get(epoch) ?? end, value, step });
      points.set(name, list);
    }
  }
  return points;
}

/** Of a run that keeps the network of its best epoch, which the last point of a curve is not: what that network has. */
function pointsOfKept({ summary, directory }: FinishedRun, end: number): Map<string, Point[]> {
  const { bestEpoch, testAccuracy, testLoss, validationAccuracy, validationLoss } = summary;
  const step = readMetrics(directory).find(({ epoch }) => epoch === bestEpoch)?.step;
  if (step === undefined) return new Map();
  const kept = { epoch: bestEpoch, testAccuracy, testLoss, validationAccuracy, validationLoss };
  return new Map(
    Object.entries(kept).flatMap(([name, value]): [string, Point[]][] =>
      value === undefined ? [] : [[`kept/${name}`, [{ time: end, value, step }]]],
    ),
  );
}

/** What pruning leaves of the network as it is; other evaluations are in sweep.csv. */
function pointsOfSweep(rows: readonly SweepRow[], { id }: FinishedRun, end: number): Map<string, Point[]> {
  const points = new Map<string, Point[]>();
  const own = rows.filter(({ runId, evaluation, recalibrated }) => {
    return runId.startsWith(`${id}@`) && evaluation === 'dense' && recalibrated === 0;
  });
  for (const row of own.sort((a, b) => a.pruneRate - b.pruneRate)) {
    for (const name of ['accuracy', 'loss', 'sparsity'] as const) {
      const key = `pruned ${row.granularity}/${name}`;
      const list = points.get(key) ?? [];
      list.push({ time: end, value: row[name], step: Math.round(1000 * row.pruneRate) });
      points.set(key, list);
    }
  }
  return points;
}

/** As Python reads it. */
function formatValue(value: number): string {
  return Number.isNaN(value) ? 'nan' : String(value).replace('Infinity', 'inf');
}

/** Settings by their path: `schedule.optimizer.momentum`, `0.9`. */
function flatten(settings: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
  return Object.entries(settings).flatMap(([key, value]): [string, string][] => {
    if (isPlain(value)) return flatten(value, `${prefix}${key}.`);
    return value === undefined
      ? []
      : [[`${prefix}${key}`, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}
