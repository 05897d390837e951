/** @file Looks at a run's folder: do its files belong to the run that its name says, and do they agree with one another? */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSpec } from '../config/experiment.ts';
import { shortFingerprint } from '../data/fingerprint.ts';
import { MissingPluginError, UserError } from '../errors.ts';
import { type CheckpointRecord, readCheckpointRecord } from './checkpoint.ts';
import { isSameName, isSameRun, RUN_FILES, type RunIdentity, runId, TRAIN_AGAIN } from './directory.ts';
import { readEnvironment } from './environment.ts';
import type { RunFault } from './faults.ts';
import { type MetricsRow, readMetrics } from './metrics.ts';
import { findMetricsProblem } from './metrics-faults.ts';
import { readRunSettings } from './run-settings.ts';
import { readSummary, type Summary } from './summary.ts';

export interface Inspection {
  /** Of a run that is done. */
  readonly summary?: Summary;
  /** Of any run that has one. */
  readonly checkpoint?: CheckpointRecord;
  /** The first thing that is wrong. */
  readonly fault?: RunFault;
}

/** The content of a file, or why it cannot be read. */
type Read<T> = { readonly value: T } | Pick<RunFault, 'problem' | 'lacksPlugin'>;

/**
 * Looks at all records of a run.
 *
 * @throws Error of the file system if they cannot be read
 */
export function inspectRun(directory: string, identity: RunIdentity): Inspection {
  const stamp = stampOf(directory, identity);
  const known = stamp === undefined ? undefined : inspections.get(directory);
  if (known !== undefined && known.stamp === stamp) return known.inspection;
  const inspection = inspectFiles(directory, identity);
  if (stamp !== undefined) inspections.set(directory, { stamp, inspection });
  return inspection;
}

/** What was found in folders, for whoever looks again: commands do so several times, and a list that is watched every few seconds. */
const inspections = new Map<string, { readonly stamp: string; readonly inspection: Inspection }>();

/** The files that an inspection reads. */
const INSPECTED = [
  RUN_FILES.summary,
  RUN_FILES.checkpoint,
  RUN_FILES.previousCheckpoint,
  RUN_FILES.config,
  RUN_FILES.environment,
  RUN_FILES.metrics,
] as const;

/** Milliseconds for which a file must have been as it is: clocks of file systems may be coarse. */
const SETTLED = 5000;

/** @returns the same text for the same files; nothing if one has changed of late */
function stampOf(directory: string, { experiment, variant, seed, hash }: RunIdentity): string | undefined {
  const now = Date.now();
  const parts = [experiment, variant, seed, hash.slice(0, 8)].map(String);
  for (const name of INSPECTED) {
    const stats = statSync(join(directory, name), { throwIfNoEntry: false });
    if (stats !== undefined && now - stats.ctimeMs < SETTLED) return undefined;
    parts.push(stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`);
  }
  return parts.join();
}

function inspectFiles(directory: string, identity: RunIdentity): Inspection {
  // Of a run that is being trained the checkpoint is read first: its metrics are written before it.
  const checkpoint = readCheckpointRecord(directory);
  const summary = attempt(() => readSummary(directory));
  const known = {
    ...('value' in summary && summary.value !== undefined && { summary: summary.value }),
    ...(checkpoint !== undefined && { checkpoint }),
  };
  const isDone = existsSync(join(directory, RUN_FILES.summary));
  const run = { directory, identity, isDone, checkpoint, summary };
  const fault = findFault(run);
  return { ...known, ...(fault !== undefined && { fault }) };
}

interface InspectedRun {
  readonly directory: string;
  readonly identity: RunIdentity;
  readonly isDone: boolean;
  readonly checkpoint: CheckpointRecord | undefined;
  readonly summary: Read<Summary | undefined>;
}

function findFault(run: InspectedRun): RunFault | undefined {
  const { directory, isDone } = run;
  const summary = 'value' in run.summary ? run.summary.value : undefined;
  const hasConfig = isDone || existsSync(join(directory, RUN_FILES.config));
  const config = hasConfig ? attempt(() => readRunSettings(directory)) : undefined;
  const spec = config !== undefined && 'value' in config ? config.value : undefined;
  const owner = findForeignOwner(run, spec);
  if (owner !== undefined) return owner;
  if (config !== undefined && 'problem' in config)
    return config.lacksPlugin ? config : { problem: config.problem, mends: 'config' };
  if (spec !== undefined && !isSameRun(spec, run.identity)) {
    const path = join(directory, RUN_FILES.config);
    const problem = `${path} does not hold the settings that the run was trained with (hash ${spec.hash.slice(0, 8)}, expected ${run.identity.hash.slice(0, 8)})`;
    return { problem, mends: 'config' };
  }
  const made = spec && faultOfEnvironment(run, spec, summary);
  if (made !== undefined) return made;
  const metrics = attempt(() => readMetrics(directory));
  if ('problem' in metrics) return { problem: metrics.problem, mends: 'metrics' };
  const epochs = isDone ? (spec?.settings.schedule.epochs ?? 0) : (run.checkpoint?.epoch ?? 0);
  const { testImages, validationImages } = summary?.data ?? {};
  const known = { isDone, epochs, spec, testImages, validationImages };
  const problem = findMetricsProblem(metrics.value, known);
  if (problem !== undefined)
    return { problem: `${join(directory, RUN_FILES.metrics)} ${problem}`, mends: 'metrics' };
  if ('problem' in run.summary) return { problem: run.summary.problem, mends: 'summary' };
  return summary && faultOfSummary(run, summary, metrics.value);
}

/**
 * Whether the folder holds another run than its name says. The checkpoint tells whose it is; where an earlier version wrote it,
 * the summary does, and without a summary config.yaml.
 */
function findForeignOwner(
  { directory, identity, checkpoint, summary }: InspectedRun,
  spec: RunSpec | undefined,
): RunFault | undefined {
  const finished = 'value' in summary ? summary.value : undefined;
  const witness = checkpoint?.run ?? finished ?? spec;
  if (witness === undefined || isSameRun(witness, identity)) return undefined;
  // The same names with other settings: somebody edited config.yaml, which is another fault.
  if (witness === spec && isSameName(witness, identity)) return undefined;
  const file = checkpoint?.run ? RUN_FILES.checkpoint : finished ? RUN_FILES.summary : RUN_FILES.config;
  return {
    problem: `${directory} holds the run ${witness.experiment}/${runId(witness)}, as its ${file} says: it was copied or renamed`,
    remedy: `give the folder its own place back, or ${TRAIN_AGAIN}`,
  };
}

/** What is wrong with environment.json, which may be still to come while a run is not done, or with the images that it and others name. */
function faultOfEnvironment(
  run: InspectedRun,
  spec: RunSpec,
  summary: Summary | undefined,
): RunFault | undefined {
  const environment = attempt(() => readEnvironment(run.directory));
  if ('problem' in environment) return { problem: environment.problem, mends: 'environment' };
  if (environment.value === undefined && summary !== undefined)
    return { problem: `${join(run.directory, RUN_FILES.environment)} is missing`, mends: 'environment' };
  return faultOfImages(run, spec, summary, environment.value?.dataFingerprint);
}

/** @param noted in environment.json */
function faultOfImages(
  { directory, checkpoint }: InspectedRun,
  { settings }: RunSpec,
  summary: Summary | undefined,
  noted: unknown,
): RunFault | undefined {
  const expected = settings.dataset.fingerprint ?? summary?.data?.fingerprint;
  const describeOther = (file: string, found: string) =>
    `${join(directory, file)} names other images (fingerprint ${shortFingerprint(found)}) than the run's settings or summary (${shortFingerprint(expected ?? '')})`;
  const other = (found: unknown): found is string => typeof found === 'string' && found !== expected;
  if (expected === undefined) return undefined;
  const trained = checkpoint?.run?.dataFingerprint;
  if (other(trained)) return { problem: describeOther(RUN_FILES.checkpoint, trained) };
  if (other(summary?.data?.fingerprint))
    return { problem: describeOther(RUN_FILES.summary, summary.data.fingerprint), mends: 'summary' };
  return other(noted)
    ? { problem: describeOther(RUN_FILES.environment, noted), mends: 'environment' }
    : undefined;
}

function faultOfSummary(
  { directory, identity }: InspectedRun,
  summary: Summary,
  rows: readonly MetricsRow[],
): RunFault | undefined {
  const path = join(directory, RUN_FILES.summary);
  if (!isSameRun(summary, identity) || summary.id !== runId(summary))
    return { problem: `${path} tells of the run ${summary.experiment}/${summary.id}`, mends: 'summary' };
  const last = rows.at(-1);
  const counted = rows.find(({ epoch }) => epoch === (last?.bestEpoch ?? last?.epoch));
  const pairs = [
    ['epochs', summary.epochs, last?.epoch],
    ['steps', summary.steps, last?.step],
    ['best epoch', summary.bestEpoch, last?.bestEpoch],
    ['test accuracy', summary.testAccuracy, counted?.testAccuracy],
    ['test loss', summary.testLoss, counted?.testLoss],
    ['validation accuracy', summary.validationAccuracy, counted?.validationAccuracy],
    ['validation loss', summary.validationLoss, counted?.validationLoss],
  ] as const;
  const odd = pairs.find(([, told, found]) => !Object.is(told, found));
  if (odd === undefined) return undefined;
  const [name, told, found] = odd;
  return {
    problem: `${path} has ${name} ${told}, the ${counted === last ? 'last row' : `row of epoch ${counted?.epoch}`} of ${RUN_FILES.metrics} has ${found}: one of them was changed`,
    remedy: `bring the right one back, or ${TRAIN_AGAIN}`,
  };
}

function attempt<T>(read: () => T): Read<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problem: error.message, lacksPlugin: error instanceof MissingPluginError };
  }
}
