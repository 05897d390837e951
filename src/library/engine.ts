/** @file The engine that a program chooses, as `--engine`, `--device` and `--threads` do. */
import { z } from 'zod';
import type { RunSettings } from '../config/schema.ts';
import '../engines/onnx/no-telemetry.ts';
import { loadTfjs } from '../engines/load-tfjs.ts';
import type { ChosenEngine } from '../engines/registry.ts';
import { availableThreads, MOST_OVERSUBSCRIBED } from '../engines/threads.ts';
import { DEVICE_NAMES, type DeviceName, ENGINE_NAMES, type EngineName } from '../engines/types.ts';
import { count } from '../settings/values.ts';
import type { SchemasOf } from './options.ts';

/** What computes, and where results lie. */
export interface ExecutionChoice {
  /** The folder of results; `results` if absent. */
  readonly results?: string;
  /** `auto` if absent: the fastest of those that can compute here, by a trial that is remembered. */
  readonly engine?: EngineName | 'auto';
  /** Of the engine; `auto`, the fastest that it has here, if absent. */
  readonly device?: DeviceName;
  /** Within an operation; the engine's own choice if absent. */
  readonly threads?: number;
  /** Once aborted, work gives way: a training after its step, when a checkpoint is written. */
  readonly signal?: AbortSignal;
}

const mostThreads = (): number => MOST_OVERSUBSCRIBED * availableThreads();

export const EXECUTION_SCHEMAS = {
  results: z.string().min(1).describe('the path of a folder').optional(),
  engine: z.enum(['auto', ...ENGINE_NAMES]).optional(),
  device: z.enum(DEVICE_NAMES).optional(),
  threads: count
    .refine((threads) => threads <= mostThreads(), {
      error: () =>
        `expected at most ${mostThreads()}, ${MOST_OVERSUBSCRIBED} times what this process may use`,
    })
    .optional(),
} satisfies SchemasOf<ExecutionChoice>;

/** @throws UserError if the engine cannot run here */
export async function chooseFor(
  { engine = 'auto', device, threads }: ExecutionChoice,
  settings: RunSettings | undefined,
): Promise<ChosenEngine> {
  await loadTfjs();
  const { chooseFastestEngine } = await import('../runner/trial/choose.ts');
  const options = {
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
  };
  return chooseFastestEngine(engine, options, settings, () => undefined);
}
