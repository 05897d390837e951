/** @file Runs commands of td in processes of their own, and takes the times of their parts from what they write. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import type { EpochSeconds } from '../../src/training/events.ts';

const ROOT = join(import.meta.dirname, '../..');
const TD = join(ROOT, 'bin/td');

/** What both sides of a comparison run with. */
export interface Chosen {
  readonly variant: string;
  readonly engine: string;
  readonly threads?: number;
}

/** Seconds. */
export interface Bare {
  /** Compiling the step. */
  readonly compile: number;
  /** A training step whose batch and noise are ready, the mean of many, outside of a training. */
  readonly step: number;
  /** A pass over the test images. */
  readonly evaluation: number;
}

/** @throws UserError with what td says if it fails; the same holds for all functions here */
export function measureBare(experiment: string, chosen: Chosen): Bare {
  const { stdout } = callTd([
    'bench',
    experiment,
    '--only',
    chosen.variant,
    '--steps',
    '200',
    '--json',
    ...execution(chosen),
  ]);
  const [times] = JSON.parse(stdout) as [
    {
      compileMilliseconds: number;
      meanStepMilliseconds: number;
      feedMilliseconds: number;
      evaluationImagesPerSecond: number;
    },
  ];
  return {
    compile: times.compileMilliseconds / 1000,
    step: (times.meanStepMilliseconds - times.feedMilliseconds) / 1000,
    evaluation: TEST_IMAGES / times.evaluationImagesPerSecond,
  };
}

/** Of MNIST and of CIFAR-10. */
const TEST_IMAGES = 10_000;

export interface RunTimes {
  /** From the command to its end. */
  readonly seconds: number;
  /** From the command to where its step begins to be compiled. */
  readonly untilCompiled: number;
  readonly steps: number;
  /** What the epochs say of themselves, added up. */
  readonly secondsOf: EpochSeconds;
}

export function measureRun(
  results: string,
  experiment: string,
  chosen: Chosen,
  epochCount: number,
): RunTimes {
  const began = Date.now();
  const settings = ['--set', `schedule.epochs=${epochCount}`, '--seeds', '0', '--results', results];
  const { seconds } = callTd([
    'run',
    experiment,
    '--only',
    chosen.variant,
    ...settings,
    ...execution(chosen),
  ]);
  const lines = readLog(results);
  const begins = lines.find(({ msg }) => msg === 'training begins');
  const last = lines.findLast(({ msg }) => msg === 'epoch done');
  if (begins === undefined || last === undefined) throw new Error(`no whole training in ${results}`);
  const epochs = lines.flatMap(({ secondsOf }) => (secondsOf === undefined ? [] : [secondsOf]));
  const sum = (part: keyof EpochSeconds) => epochs.reduce((total, of) => total + of[part], 0);
  return {
    seconds,
    untilCompiled: (begins.time - began) / 1000,
    steps: last.step,
    secondsOf: { steps: sum('steps'), feeds: sum('feeds'), evaluation: sum('evaluation') },
  };
}

interface Line {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly step: number;
  readonly msg: string;
  /** Of an epoch that is done. */
  readonly secondsOf?: EpochSeconds;
}

/** The log of the only run in a results folder. */
function readLog(results: string): Line[] {
  const log = readdirSync(results, { recursive: true, encoding: 'utf8' }).find((name) =>
    name.endsWith('log.jsonl'),
  );
  if (log === undefined) throw new Error(`no log in ${results}`);
  const lines = readFileSync(join(results, log), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Line);
}

export interface SweepTimes {
  readonly seconds: number;
  readonly evaluations: number;
}

/**
 * Sweeps what `measureRun` has trained, weights and units, from the beginning.
 *
 * @param rates as for td sweep --prune
 */
export function measureSweep(results: string, experiment: string, chosen: Chosen, rates: string): SweepTimes {
  const findTable = () =>
    readdirSync(results, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('sweep.csv'));
  const earlier = findTable();
  if (earlier !== undefined) rmSync(join(results, earlier));
  const words = [
    'sweep',
    experiment,
    '--prune',
    rates,
    '--granularity',
    'both',
    '--json',
    '--results',
    results,
  ];
  const { seconds } = callTd([...words, ...execution(chosen)]);
  const table = findTable();
  if (table === undefined) throw new Error(`no sweep.csv in ${results}`);
  const rows = readFileSync(join(results, table), 'utf8').trimEnd().split('\n');
  return { seconds, evaluations: rows.length - 1 };
}

function execution({ engine, threads }: Chosen): string[] {
  return ['--engine', engine, ...(threads === undefined ? [] : ['--threads', String(threads)])];
}

function callTd(words: readonly string[]): { stdout: string; seconds: number } {
  process.stderr.write(`td ${words.join(' ')}\n`);
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [TD, ...words], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const seconds = (performance.now() - began) / 1000;
  if (status === 2) throw new UserError(stderr.trim().replace(/^td: /, ''));
  if (status !== 0) throw new Error(`td ${words.join(' ')}: ${stderr}`);
  return { stdout, seconds };
}
