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
  eager: { eager: true, options: {}, deterministic: true },
  compiled: compiled({ feedsAsWords: true }),
  'compiled, feeds as they are': compiled({ feedsAsWords: false }),
  'XLA in parts': compiled({ feedsAsWords: true, xla: 'cluster' }, false),
  'XLA in parts, feeds as they are': compiled({ feedsAsWords: false, xla: 'cluster' }, false),
  XLA: compiled({ feedsAsWords: true, xla: 'compile' }, false),
  'XLA, feeds as they are': compiled({ feedsAsWords: false, xla: 'compile' }, false),
} as const satisfies Readonly<Record<string, FormSettings>>;
export type Form = keyof typeof FORMS;

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
  if ('reason' in located) return { ...nothing, isPresent: false, version: located.reason, failures: [] };
  const { networks, seconds, steps, epochSeconds, onProgress } = options;
  const limits = { networks, seconds, steps };
  const forms = Object.keys(FORMS) as Form[];
  const groups = [true, false].map((wanted) => forms.filter((form) => FORMS[form].deterministic === wanted));
  const results: TensorflowFound[] = [];
  const failures: string[] = [];
  for (const [index, group] of groups.entries()) {
    const task = { ...limits, forms: group, ...(index === 0 ? { epochSeconds } : {}) };
    const ended = await runProcess(task, {}, onProgress);
    if (ended.found === undefined) failures.push(ended.failure);
    else results.push(ended.found);
  }
  const placement = await findPlacement({ ...limits, networks: networks.slice(0, 1) });
  return {
    isPresent: true,
    version: results[0]?.version ?? located.version,
    usesGpu: results.some(({ usesGpu }) => usesGpu),
    ...note,
    forms: results.flatMap((found) => found.forms),
    epochs: results.flatMap((found) => found.epochs),
    placement,
    failures,
  };
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
  readonly found?: TensorflowFound;
  readonly failure: string;
  readonly log: string;
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
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ failure: error.message, log: '' }));
    child.on('close', (code, signal) => {
      const log = said.stderr;
      const failure = `the process ended with ${signal ?? `exit code ${code}`}: ${log.trim().split('\n').at(-1) ?? ''}`;
      resolve(
        code === 0
          ? { found: JSON.parse(said.stdout) as TensorflowFound, failure: '', log }
          : { failure, log },
      );
    });
  });
}

/** Cards that a driver knows, for the report. */
export async function describeCards(): Promise<string> {
  const { names, driver, problem } = await findCards(process.env);
  if (names.length > 0) return `${names.join(', ')}, driver ${driver}`;
  return problem ?? 'no NVIDIA card';
}
