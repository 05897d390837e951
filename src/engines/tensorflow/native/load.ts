/** @file TensorFlow's native library, by way of the native module of tfjs-node: loaded once a process, with its settings. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ArrayData } from '../../../arrays.ts';
import { messageOf, UserError } from '../../../errors.ts';
import { locateTensorflow, type TensorflowInstallation } from '../installation/locate.ts';
import { HELPER_NAME, KERNELS_NAME } from '../installation/paths.ts';
import { NO_KERNELS, type OwnKernels, WIDEST_LANES } from '../kernels.ts';
import { applySettings, type NativeOptions } from './settings.ts';

/** A tensor of the native module. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: readonly number[];
  /** TensorFlow's number of its element type. */
  readonly dtype: number;
}

/** What the native module offers; tensors and models are numbers. */
export interface Binding {
  createTensor(shape: readonly number[], dtype: number, data: ArrayData): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): ArrayData;
  loadSavedModel(folder: string, tag: string): number;
  deleteSavedModel(id: number): void;
  /** Names of inputs and outputs stand in one string, separated by commas. */
  runSavedModel(
    id: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): NativeTensor[];
  getNumOfTensors(): number;
  getNumOfSavedModels(): number;
  isUsingGpuDevice(): boolean;
  readonly TF_Version: string;
}

/** process.cc says what each does. */
interface ProcessModule {
  redirectStderr(path: string): void;
  restoreStderr(): void;
  releasePages(part: string): void;
  /** Absent on other processors than x86-64, and in modules that older versions of td built. */
  flushDenormals?(on: boolean): void;
}

export interface Native extends NativeOptions {
  readonly binding: Binding;
  readonly installation: LoadableInstallation;
  readonly usesGpu: boolean;
  /** td's own kernels of convolutions take channels that are multiples of this; 0 if there are none. */
  readonly lanes: number;
  /** Whether there are td's own kernels of passes over weights. */
  readonly passes: boolean;
  /** Whether there are td's own kernels of passes over images of bfloat16. */
  readonly bfloat16: boolean;
  /** Whether there are td's own kernels of dense layers. */
  readonly dense: boolean;
  /** Whether there are td's own kernels of convolutions without a margin. */
  readonly implicitGemm: boolean;
  /** Whether there are td's own kernels of such convolutions with a pool behind them, and of gradients of pools. */
  readonly pools: boolean;
  /** Whether there are td's own kernels of updates. */
  readonly updates: boolean;
  /** Whether there is td's own kernel of cross-entropies. */
  readonly crossEntropies: boolean;
  /** What TensorFlow logged while it was loaded. */
  readonly log: string;
}

/** What loading needs to know of an installation; the self-test of one that is under way knows no more. */
export type LoadableInstallation = Pick<TensorflowInstallation, 'addon' | 'version'> &
  Partial<Pick<TensorflowInstallation, 'build'>>;

let loaded: Native | undefined;

/**
 * Loads the library. TensorFlow reads its settings when it is loaded: what is asked for later in the same process gets what
 * the first call asked for.
 *
 * @throws UserError if it is not installed or does not load
 */
export function loadNative(
  options: NativeOptions,
  located: LoadableInstallation | { readonly reason: string } = locateTensorflow(),
): Native {
  loaded ??= load(options, located);
  return loaded;
}

function load(
  options: NativeOptions,
  installation: LoadableInstallation | { readonly reason: string },
): Native {
  if ('reason' in installation)
    throw new UserError(`the engine "tensorflow" cannot run here: ${installation.reason}`);
  const require = createRequire(import.meta.url);
  const helper = loadHelper(require, installation);
  applySettings(options, installation.build === 'gpu', helper?.flushDenormals !== undefined);
  const { result, log } = keepingLog(helper, () => {
    const binding = flushing(loadBinding(require, installation), helper);
    return { binding, usesGpu: binding.isUsingGpuDevice() };
  });
  // Tables of symbols that nothing but loading needs: some 250 MB.
  helper?.releasePages('libtensorflow');
  return {
    ...options,
    ...result,
    ...startKernels(require, installation, options.threads),
    installation,
    log,
  };
}

/** @throws UserError with the command that mends it, if the module does not load */
function loadBinding(require: NodeJS.Require, { addon }: LoadableInstallation): Binding {
  try {
    return require(addon) as Binding;
  } catch (error) {
    const [reason] = messageOf(error).split('\n');
    throw new UserError(
      `TensorFlow does not load: ${reason}; "td engines install tensorflow --force" builds it anew`,
    );
  }
}

/**
 * Has numbers too small for full precision count as zero while a model runs. TensorFlow sees to it on its own threads alone: elsewhere such
 * numbers would take a hundred times as long, and an array that several threads share would differ from run to run.
 */
function flushing(binding: Binding, { flushDenormals: flush }: Partial<ProcessModule> = {}): Binding {
  if (flush === undefined) return binding;
  const runSavedModel: Binding['runSavedModel'] = (...given) => {
    flush(true);
    try {
      return binding.runSavedModel(...given);
    } finally {
      // JavaScript has them.
      flush(false);
    }
  };
  return Object.create(binding, { runSavedModel: { value: runSavedModel } });
}

/** td's own small module. Without it the engine works, but takes more memory and prints some lines to the standard error. */
function loadHelper(require: NodeJS.Require, { addon }: LoadableInstallation): ProcessModule | undefined {
  try {
    return require(join(dirname(addon), HELPER_NAME)) as ProcessModule;
  } catch {
    return undefined;
  }
}

/** kernels.cc says what it does. */
interface KernelsModule {
  start(threads: number, most: number): number;
  /** Absent in modules that older versions of td built. */
  readonly passes?: true;
  readonly bfloat16?: true;
  readonly dense?: true;
  readonly implicitGemm?: true;
  readonly pools?: true;
  readonly updates?: true;
  readonly crossEntropies?: true;
}

/**
 * Without the module, which older installations lack, or the instructions that it needs, TensorFlow's own kernels do. The environment
 * variable TD_LANES may say 8, as of AVX2, or 0.
 */
function startKernels(require: NodeJS.Require, { addon }: LoadableInstallation, threads: number): OwnKernels {
  try {
    const module = require(join(dirname(addon), KERNELS_NAME)) as KernelsModule;
    const { start, passes = false, bfloat16 = false, dense = false, implicitGemm = false } = module;
    const lanes = start(threads, Number(process.env.TD_LANES ?? WIDEST_LANES));
    const has = lanes > 0;
    return {
      lanes,
      passes: passes && has,
      bfloat16: bfloat16 && has,
      dense: dense && has,
      implicitGemm: implicitGemm && has,
      pools: module.pools === true && has,
      updates: module.updates === true && has,
      crossEntropies: module.crossEntropies === true && has,
    };
  } catch {
    return NO_KERNELS;
  }
}

/** Keeps the lines that the library prints to the standard error while it is loaded, when its log is not set up yet. */
function keepingLog<T>(helper: ProcessModule | undefined, work: () => T): { result: T; log: string } {
  if (helper === undefined) return { result: work(), log: '' };
  const folder = mkdtempSync(join(tmpdir(), 'td-tensorflow-'));
  const path = join(folder, 'log');
  try {
    helper.redirectStderr(path);
    const result = work();
    helper.restoreStderr();
    return { result, log: readFileSync(path, 'utf8') };
  } finally {
    helper.restoreStderr();
    rmSync(folder, { recursive: true });
  }
}
