/** @file The contract between the trainer and whatever executes tensor programs. */
import type { Tensor } from '@tensorflow/tfjs';

export type ElementType = 'float32' | 'int32' | 'bool';

/** Shape and element type of an array that crosses the border between host and engine. */
export interface ArraySpec {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}

/** Row-major numbers on the host, booleans as 0 and 1; their count is the product of the spec's shape. */
export type ArrayData = Float32Array | Int32Array | Uint8Array;

export type NamedSpecs = Readonly<Record<string, ArraySpec>>;
export type NamedArrays = Record<string, ArrayData>;
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** What a step reads: its state, kept by the program between runs, and its feeds, given anew at each run. */
export interface Signature {
  readonly state: NamedSpecs;
  readonly feeds: NamedSpecs;
}

export interface StepResult {
  /** New values of the state that the step changes; entries left out keep their value. Shapes as in the signature. */
  readonly state: NamedTensors;
  /** What the caller wants to see of a run: losses, counts. */
  readonly fetches: NamedTensors;
}

/**
 * A pure function in tfjs ops. It must not read a tensor's values (`dataSync`, `array`) nor draw random numbers, and may
 * `tf.keep` only what it returns: the onnx engine calls it once, with symbols instead of numbers.
 */
export type StepFunction = (state: NamedTensors, feeds: NamedTensors) => StepResult;

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
  /** What else the numbers of a run depend on, for its environment.json: versions, drivers, settings. */
  readonly facts?: Readonly<Record<string, string>>;
  compile(step: StepFunction, signature: Signature): Promise<Program>;
}

export const ENGINE_NAMES = ['onnx', 'tensorflow', 'reference'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

export const DEVICE_NAMES = ['auto', 'cpu', 'gpu', 'webgpu'] as const;
export type DeviceName = (typeof DEVICE_NAMES)[number];

export interface EngineOptions {
  /** Where the engine computes; its own choice if absent or `auto`. */
  readonly device?: DeviceName;
  /** Number of threads inside an operation; the engine's own default if absent. */
  readonly threads?: number;
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

/** Number of elements of an array of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
