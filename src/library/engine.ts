/** @file The engine that a program chooses, as `--engine`, `--device` and `--threads` do. */
import type { RunSettings } from '../config/schema.ts';
import '../engines/onnx/no-telemetry.ts';
import { loadTfjs } from '../engines/load-tfjs.ts';
import type { ChosenEngine } from '../engines/registry.ts';
import type { DeviceName, EngineName } from '../engines/types.ts';

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
