/** @file Holds a run's folder against its own name, and its files against one another. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSpec } from '../config/experiment.ts';
import { shortFingerprint } from '../data/fingerprint.ts';
import { formOf } from '../data/load.ts';
import { UserError } from '../errors.ts';
import { type CheckpointRecord, readCheckpointRecord } from './checkpoint.ts';
import { RUN_FILES, type RunIdentity, runId } from './directory.ts';
import { readEnvironment } from './environment.ts';
import { type MetricsRow, readMetrics } from './metrics.ts';
import { readRunSettings } from './settings.ts';
import { readSummary, type Summary } from './summary.ts';

/** Files that can be made anew from the others. */
export type MendableFile = 'config' | 'environment' | 'metrics' | 'summary';

export interface RunFault {
  /** A clause that says what is wrong, and where. */
  readonly problem: string;
  /** The file that is to be made anew. */
  readonly mends?: MendableFile;
  /** What to do where nothing can be made anew: a clause. */
  readonly remedy?: string;
}

export interface Inspection {
  /** Of a run that is done. */
  readonly summary?: Summary;
  /** Of any run that has one. */
  readonly checkpoint?: CheckpointRecord;
  /** The first thing that is wrong. */
  readonly fault?: RunFault;
}

/** What else a file of a run may be: the reason why it is none. */
type Read<T> = { readonly value: T } | { readonly problem: string };

const TRAIN_AGAIN = 'remove the folder to train this run again';

/** A fault in one sentence that says what to do. */
export function wordFault({ problem, mends, remedy = TRAIN_AGAIN }: RunFault): string {
  return mends === undefined
    ? `${problem}; ${remedy}`
    : `${problem}; "td run" makes the file anew if the others tell what stood there; if not, ${TRAIN_AGAIN}`;
}

/**
 * Looks at all records of a run.
 *
 * @throws Error of the file system if they cannot be read
 */
export function inspectRun(directory: string, identity: RunIdentity): Inspection {
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
  if (config !== undefined && 'problem' in config) return { problem: config.problem, mends: 'config' };
  if (spec !== undefined && !isSame(spec, run.identity)) {
    const path = join(directory, RUN_FILES.config);
    const problem = `${path} does not hold the settings that the run was trained with (hash ${spec.hash.slice(0, 8)}, expected ${run.identity.hash.slice(0, 8)})`;
    return { problem, mends: 'config' };
  }
  const images = spec && faultOfImages(run, spec, summary);
  if (images !== undefined) return images;
  const metrics = attempt(() => readMetrics(directory));
  if ('problem' in metrics) return { problem: metrics.problem, mends: 'metrics' };
  const last = isDone ? (spec?.settings.schedule.epochs ?? 0) : (run.checkpoint?.epoch ?? 0);
  const path = join(directory, RUN_FILES.metrics);
  const problem = problemOfMetrics(metrics.value, last, isDone, spec, summary);
  if (problem !== undefined) return { problem: `${path} ${problem}`, mends: 'metrics' };
  if ('problem' in run.summary) return { problem: run.summary.problem, mends: 'summary' };
  return summary && faultOfSummary(run, summary, metrics.value.at(-1));
}

/** The checkpoint says whose it is, by earlier versions the summary, before there was one the settings. */
function findForeignOwner(
  { directory, identity, checkpoint, summary }: InspectedRun,
  spec: RunSpec | undefined,
): RunFault | undefined {
  const finished = 'value' in summary ? summary.value : undefined;
  const witness = checkpoint?.run ?? finished ?? spec;
  if (witness === undefined || isSame(witness, identity)) return undefined;
  // Other settings under the same names were edited.
  if (witness === spec && !differsInNames(witness, identity)) return undefined;
  const file = checkpoint?.run ? RUN_FILES.checkpoint : finished ? RUN_FILES.summary : RUN_FILES.config;
  return {
    problem: `${directory} holds the run ${witness.experiment}/${runId(witness)}, as its ${file} says: it was copied or renamed`,
    remedy: `give the folder its own place back, or ${TRAIN_AGAIN}`,
  };
}

function differsInNames(a: RunIdentity, b: RunIdentity): boolean {
  return a.experiment !== b.experiment || a.variant !== b.variant || a.seed !== b.seed;
}

/** Folders bear the first digits of a hash. */
function isSame(a: RunIdentity, b: RunIdentity): boolean {
  return !differsInNames(a, b) && (a.hash.startsWith(b.hash) || b.hash.startsWith(a.hash));
}

function faultOfImages(
  { directory, checkpoint }: InspectedRun,
  { settings }: RunSpec,
  summary: Summary | undefined,
): RunFault | undefined {
  const environment = attempt(() => readEnvironment(directory));
  if ('problem' in environment) return { problem: environment.problem, mends: 'environment' };
  const expected = settings.dataset.fingerprint ?? summary?.data?.fingerprint;
  const wordOther = (file: string, found: string) =>
    `${join(directory, file)} names other images (fingerprint ${shortFingerprint(found)}) than the run's settings or summary (${shortFingerprint(expected ?? '')})`;
  const other = (found: unknown): found is string => typeof found === 'string' && found !== expected;
  if (expected === undefined) return undefined;
  const trained = checkpoint?.run?.dataFingerprint;
  if (other(trained)) return { problem: wordOther(RUN_FILES.checkpoint, trained) };
  if (other(summary?.data?.fingerprint))
    return { problem: wordOther(RUN_FILES.summary, summary.data.fingerprint), mends: 'summary' };
  const noted = environment.value?.dataFingerprint;
  return other(noted)
    ? { problem: wordOther(RUN_FILES.environment, noted), mends: 'environment' }
    : undefined;
}

/** @param last epoch of which there must be a row; of a run that is done the last of all */
function problemOfMetrics(
  rows: readonly MetricsRow[],
  last: number,
  isDone: boolean,
  spec: RunSpec | undefined,
  summary: Summary | undefined,
): string | undefined {
  const wrong = rows.findIndex(({ epoch }, index) => epoch !== index + 1);
  if (wrong >= 0) return `has epoch ${rows[wrong]?.epoch} in the place of epoch ${wrong + 1}`;
  if (rows.length < last) return `lacks rows of the ${last} epochs that are behind the run`;
  if (isDone && rows.length > last) return `has ${rows.length} epochs, expected ${last}`;
  const stepsPerEpoch = rows[0]?.step ?? 0;
  const odd = rows.find(({ epoch, step }) => step !== epoch * stepsPerEpoch);
  if (odd !== undefined)
    return `has step ${odd.step} at the end of epoch ${odd.epoch}, expected ${odd.epoch * stepsPerEpoch}`;
  if (spec === undefined) return undefined;
  const trained = stepsPerEpoch * spec.settings.schedule.batchSize;
  const tested = summary?.data?.testImages ?? countTestImages(spec);
  for (const { epoch, trainAccuracy, testAccuracy } of rows) {
    if (!isShareOf(trained, trainAccuracy)) return wordShare(epoch, 'training', trainAccuracy, trained);
    if (!isShareOf(tested, testAccuracy)) return wordShare(epoch, 'test', testAccuracy, tested ?? 0);
  }
  return undefined;
}

/** Nothing where it depends on files that may not be at hand. */
function countTestImages({ settings: { dataset } }: RunSpec): number | undefined {
  if (dataset.testImages !== undefined || dataset.path !== undefined) return dataset.testImages;
  return formOf(dataset).testImages;
}

/** Whether some whole number of images is that share of all of them. */
function isShareOf(count: number | undefined, share: number): boolean {
  if (count === undefined) return true;
  const images = share * count;
  return Math.abs(images - Math.round(images)) < 1e-6;
}

function wordShare(epoch: number, split: string, accuracy: number, count: number): string {
  return `has ${split} accuracy ${accuracy} in epoch ${epoch}, which no number of the ${count} ${split} images gives`;
}

function faultOfSummary(
  { directory, identity }: InspectedRun,
  summary: Summary,
  last: MetricsRow | undefined,
): RunFault | undefined {
  const path = join(directory, RUN_FILES.summary);
  if (!isSame(summary, identity) || summary.id !== runId(summary))
    return { problem: `${path} tells of the run ${summary.experiment}/${summary.id}`, mends: 'summary' };
  const pairs = [
    ['epochs', summary.epochs, last?.epoch],
    ['steps', summary.steps, last?.step],
    ['test accuracy', summary.testAccuracy, last?.testAccuracy],
    ['test loss', summary.testLoss, last?.testLoss],
  ] as const;
  const odd = pairs.find(([, told, found]) => !Object.is(told, found));
  if (odd === undefined) return undefined;
  const [name, told, found] = odd;
  return {
    problem: `${path} has ${name} ${told}, the last row of ${RUN_FILES.metrics} has ${found}: one of them was changed`,
    remedy: `bring the right one back, or ${TRAIN_AGAIN}`,
  };
}

function attempt<T>(read: () => T): Read<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message.replace(/; remove the file .*/, '') };
    throw error;
  }
}
