/** @file The part of the device check on TensorFlow: every form in which it can run a step, and where its operations are placed. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describeUnusedCard } from '../../src/engines/tensorflow/installation/card-note.ts';
import { findCards } from '../../src/engines/tensorflow/installation/graphics-card.ts';
import { locateTensorflow } from '../../src/engines/tensorflow/installation/locate.ts';
import type { SavedModelOptions } from '../../src/engines/tensorflow/saved-model.ts';
import type { CheckLimits, EpochCheck, StepCheck } from './device.ts';

interface FormSettings {
  readonly eager: boolean;
  readonly options: SavedModelOptions;
  /** XLA refuses to be held to kernels that give the same bits every time. */
  readonly deterministic: boolean;
}

const compiled = (options: SavedModelOptions, deterministic = true): FormSettings => ({
  eager: false,
  options,
  deterministic,
});

/** Ways in which TensorFlow can run a step. Feeds travel as they are, or as words of 32 bits. */
export const FORMS = {
  compiled: compiled({ feedsAsWords: true }),
  'compiled, feeds as they are': compiled({ feedsAsWords: false }),
  eager: { eager: true, options: {}, deterministic: true },
  'XLA in parts': compiled({ feedsAsWords: true, xla: 'cluster' }, false),
  'XLA in parts, feeds as they are': compiled({ feedsAsWords: false, xla: 'cluster' }, false),
  XLA: compiled({ feedsAsWords: true, xla: 'compile' }, false),
  'XLA, feeds as they are': compiled({ feedsAsWords: false, xla: 'compile' }, false),
} as const satisfies Readonly<Record<string, FormSettings>>;
export type Form = keyof typeof FORMS;

/** What a process tells, one after the other. */
export type TensorflowLine =
  | { readonly version: string; readonly usesGpu: boolean }
  | { readonly step: FormCheck }
  | { readonly epoch: EpochCheck };

/** What one process checks: forms with the same settings of TensorFlow. */
export interface TensorflowTask extends CheckLimits {
  readonly forms: readonly Form[];
  readonly networks: readonly string[];
  /** Also epochs, each of this length at most. */
  readonly epochSeconds?: number;
}

export interface FormCheck extends StepCheck {
  readonly form: Form;
  /** Whether two trainings of three steps end with the same bits. */
  readonly repeats?: boolean;
}

export interface TensorflowFound {
  readonly version: string;
  readonly usesGpu: boolean;
  readonly forms: FormCheck[];
  readonly epochs: EpochCheck[];
}

export interface TensorflowCheck extends Omit<TensorflowFound, 'version' | 'usesGpu'> {
  /** Or why TensorFlow was not checked. */
  readonly version: string;
  readonly isPresent: boolean;
  readonly usesGpu: boolean;
  /** Why a card that is there is not used, in a sentence. */
  readonly cardNote?: string;
  /** Nodes of all graphs of a check of the first network, by the device on which TensorFlow placed them: `MatMul on GPU: 6`. */
  readonly placement: Readonly<Record<string, number>>;
  /** Of processes that ended badly. */
  readonly failures: readonly string[];
  /** Of processes that were broken off because the time was up. */
  readonly notes: readonly string[];
}

export interface TensorflowCheckOptions extends CheckLimits {
  readonly networks: readonly string[];
  readonly epochSeconds: number;
  onProgress?(line: string): void;
}

/** @returns what was found; a TensorFlow that is absent or fails is told and no error */
export async function checkTensorflow(options: TensorflowCheckOptions): Promise<TensorflowCheck> {
  const located = locateTensorflow();
  const cardNote = await describeUnusedCard(located, process.env);
  const note = cardNote === undefined ? {} : { cardNote };
  const nothing = { forms: [], epochs: [], placement: {}, usesGpu: false, ...note };
  if ('reason' in located)
    return { ...nothing, isPresent: false, version: located.reason, failures: [], notes: [] };
  const { networks, seconds, steps, epochSeconds, deadline, onProgress } = options;
  const limits = { networks, seconds, steps, ...(deadline === undefined ? {} : { deadline }) };
  const forms = Object.keys(FORMS) as Form[];
  const groups = [true, false].map((wanted) => forms.filter((form) => FORMS[form].deterministic === wanted));
  const results: TensorflowFound[] = [];
  let placement: Record<string, number> = {};
  const failures: string[] = [];
  const notes: string[] = [];
  for (const [index, group] of groups.entries()) {
    const task = {
      ...limits,
      ...shareOf(limits, index),
      forms: group,
      ...(index === 0 ? { epochSeconds } : {}),
    };
    const ended = await runProcess(task, {}, onProgress);
    results.push(ended.found);
    if (ended.failure !== undefined) (ended.isLate ? notes : failures).push(ended.failure);
    // Where operations are placed takes seconds, and comes before XLA, which may take minutes.
    if (index === 0) placement = await findPlacement({ ...limits, networks: networks.slice(0, 1) });
  }
  return {
    isPresent: true,
    version: results.find(({ version }) => version !== '')?.version ?? located.version,
    usesGpu: results.some(({ usesGpu }) => usesGpu),
    ...note,
    forms: results.flatMap((found) => found.forms),
    epochs: results.flatMap((found) => found.epochs),
    placement,
    failures,
    notes,
  };
}

/** XLA, which may compile for minutes, gets what the others leave, and two fifths at least. */
function shareOf({ deadline }: CheckLimits, group: number): Pick<CheckLimits, 'deadline'> {
  if (deadline === undefined || group > 0) return {};
  return { deadline: Date.now() + 0.6 * (deadline - Date.now()) };
}

/** A step whose placement TensorFlow logs. */
async function findPlacement(limits: CheckLimits & { readonly networks: readonly string[] }) {
  const task = { ...limits, seconds: 0, steps: 1, forms: ['compiled'] } as const;
  const { log } = await runProcess(task, { TF_CPP_MIN_LOG_LEVEL: '0', TF_CPP_VMODULE: 'placer=3' });
  return countPlacement(log);
}

/**
 * Counts the lines by which TensorFlow tells its placement, such as
 * `placer.cc:172] Mul_7(Mul) placed on: /job:localhost/replica:0/task:0/device:GPU:0`.
 *
 * @returns numbers of nodes by `Mul on GPU`
 */
export function countPlacement(log: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [, op, device] of log.matchAll(/\] \S+\((\w+)\) placed on: \S*\/device:([A-Z]+):\d+/g)) {
    const key = `${op} on ${device}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

interface Ended {
  /** What it told before its end, whatever that was. */
  readonly found: TensorflowFound;
  /** How it ended, if not well. */
  readonly failure?: string;
  /** Whether it was broken off because the time was up. */
  readonly isLate: boolean;
  readonly log: string;
}

/** Milliseconds beyond the deadline in which a process may end what it has begun. */
const GRACE = 5_000;

function collect(lines: string): TensorflowFound {
  const told = lines
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as TensorflowLine);
  const head = told.flatMap((line) => ('version' in line ? [line] : []))[0];
  return {
    version: head?.version ?? '',
    usesGpu: head?.usesGpu ?? false,
    forms: told.flatMap((line) => ('step' in line ? [line.step] : [])),
    epochs: told.flatMap((line) => ('epoch' in line ? [line.epoch] : [])),
  };
}

function runProcess(
  task: TensorflowTask,
  variables: Readonly<Record<string, string>>,
  onProgress?: (line: string) => void,
): Promise<Ended> {
  const script = join(import.meta.dirname, 'tensorflow-process.ts');
  const parameters = ['--import', import.meta.resolve('tsx/esm'), script, JSON.stringify(task)];
  const child = spawn(process.execPath, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...variables },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
    for (const [, line = ''] of text.matchAll(/^td: (.*)$/gm)) onProgress?.(`tensorflow: ${line}`);
  });
  const { deadline } = task;
  const late = deadline === undefined ? Number.POSITIVE_INFINITY : deadline + GRACE - Date.now();
  let isLate = false;
  const timer = Number.isFinite(late)
    ? setTimeout(() => {
        isLate = true;
        child.kill('SIGKILL');
      }, late)
    : undefined;
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ found: collect(''), failure: error.message, isLate, log: '' }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const found = collect(said.stdout);
      const log = said.stderr;
      const last = log.trim().split('\n').at(-1) ?? '';
      if (code === 0) resolve({ found, log, isLate });
      else if (isLate) resolve({ found, log, isLate, failure: `broken off, since the time is up: ${last}` });
      else
        resolve({
          found,
          log,
          isLate,
          failure: `the process ended with ${signal ?? `exit code ${code}`}: ${last}`,
        });
    });
  });
}

/** Cards that a driver knows, for the report. */
export async function describeCards(): Promise<string> {
  const { names, driver, problem } = await findCards(process.env);
  if (names.length > 0) return `${names.join(', ')}, driver ${driver}`;
  return problem ?? 'no NVIDIA card';
}
