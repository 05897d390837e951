/** @file The contract between the trainer and whatever executes tensor programs. */
import type { NamedArrays } from '../arrays.ts';
import type { Signature, StepFunction } from '../compiler/step.ts';
import type { Precision } from '../settings/precision.ts';

/** A compiled step with its state. Not re-entrant: await one call before the next. */
export interface Program {
  /**
   * Runs one step, replaces the state and returns the fetches.
   *
   * @param feeds one array for each feed of the signature; they may be reused once the promise has settled
   * @throws Error if a feed is missing, unknown or has the wrong length, if an entry of the state was never written, or
   *   if the program was disposed
   */
  run(feeds: NamedArrays): Promise<NamedArrays>;
  /** A copy of the present state. */
  readState(): Promise<NamedArrays>;
  /** Replaces the named entries of the state; the arrays are copied. Before the first run every entry must be written. */
  writeState(values: NamedArrays): Promise<void>;
  /**
   * Replaces the named entries of the state by those of another program of the same engine, on the device that holds both.
   * Absent where states lie on the host.
   *
   * @throws Error if the state is not whole thereafter
   */
  copyState?(source: Program, names: readonly string[]): Promise<void>;
  /** Frees what the program holds; it cannot run afterwards. Calling it again does nothing. */
  dispose(): void;
}

export interface Engine {
  readonly name: EngineName;
  /** What computes, in words: `CPU, 2 threads`. */
  readonly device: string;
  /** Threads of the processor that compute while a step does; if absent, nobody knows. */
  readonly busyThreads?: number;
  /** What else the numbers of a run depend on, for its environment.json: versions, drivers, settings. */
  readonly facts?: Readonly<Record<string, string>>;
  /** Why steps cannot be compiled in a precision here, in a sentence without full stop; nothing if they can. Absent: in float32 alone. */
  refusePrecision?(precision: Precision): string | undefined;
  /**
   * @param precision in which convolutions and matrix products are computed; if absent `float32`, or what the process is set to
   * @throws UserError if the engine cannot compute in it
   */
  compile(step: StepFunction, signature: Signature, precision?: Precision): Promise<Program>;
}

export const ENGINE_NAMES = ['onnx', 'tensorflow', 'reference'] as const;
/** What computes. */
export type EngineName = (typeof ENGINE_NAMES)[number];

export const DEVICE_NAMES = ['auto', 'cpu', 'gpu', 'webgpu'] as const;
/** Where an engine computes; which of them it has, `td engines` tells. */
export type DeviceName = (typeof DEVICE_NAMES)[number];

export interface EngineOptions {
  /** Where the engine computes; its own choice if absent or `auto`. */
  readonly device?: DeviceName;
  /** Number of threads inside an operation; the engine's own default if absent. */
  readonly threads?: number;
  /** Of the training steps that the engine will be asked for; those of `tensorfloat32` need a process of their own. */
  readonly precision?: Precision;
  /** TensorFlow only: op by op instead of compiled. */
  readonly eager?: boolean;
  /** TensorFlow only: the step is compiled by XLA. */
  readonly xla?: boolean;
  /** Is told when something begins that takes seconds. */
  say?(line: string): void;
}

/** Whether an engine can run here, and on what. */
export type EngineStatus =
  | {
      readonly name: EngineName;
      readonly available: true;
      readonly devices: readonly string[];
      readonly version: string;
    }
  | { readonly name: EngineName; readonly available: false; readonly reason: string };
