/** @file The engine on TensorFlow: steps are traced, lowered to one TensorFlow graph, and run by its native library. */
import type { Signature, StepFunction } from '../../compiler/step.ts';
import { UserError } from '../../errors.ts';
import type { Precision } from '../../settings/precision.ts';
import { skippedPasses } from '../pass-names.ts';
import { multipliesBfloat16, requirePrecision } from '../precision.ts';
import { availableThreads, describeThreads } from '../threads.ts';
import type { Engine, EngineOptions, EngineStatus, Program } from '../types.ts';
import { createEagerCompiler } from './eager.ts';
import { describeUnusedCard } from './installation/card-note.ts';
import { findCards } from './installation/graphics-card.ts';
import { locateTensorflow } from './installation/locate.ts';
import type { OwnKernels } from './kernels.ts';
import { type LoadableInstallation, loadNative, type Native } from './native/load.ts';
import { planProgram } from './plan.ts';
import { TensorflowProgram } from './program.ts';
import { buildSavedModel, type SavedModelOptions } from './saved-model.ts';

/**
 * @param installation by default the one that `td engines install tensorflow` made
 * @throws UserError if TensorFlow is not installed or does not load, if the device cannot be used, or the environment variable
 *   TD_SKIP_PASSES names an unknown pass of the compiler
 */
export async function createTensorflowEngine(
  options: EngineOptions = {},
  installation?: LoadableInstallation,
): Promise<Engine> {
  const { threads = availableThreads(), device = 'auto', eager = false, xla = false, precision } = options;
  const native = loadNative(
    {
      threads,
      // Operations in bfloat16 do so much on one thread that a second one gains by another operation.
      ...(precision === 'bfloat16' && { operationsAtOnce: threads }),
      device: device === 'cpu' ? 'cpu' : 'auto',
      deterministic: !xla,
      tensorfloat32: precision === 'tensorfloat32',
    },
    installation,
  );
  if (device === 'gpu' && !native.usesGpu) throw new UserError(await explainUnusedCard(native));
  const cards = native.usesGpu ? await findCards(process.env) : undefined;
  const place =
    cards === undefined
      ? `CPU, ${describeThreads(native.threads)}`
      : `GPU (${cards.names.join(', ') || 'CUDA'})`;
  const way = eager ? ', op by op' : xla ? ', XLA' : '';
  const engine: Engine = {
    name: 'tensorflow',
    device: place + way,
    busyThreads: native.usesGpu ? 1 : native.threads,
    facts: describeFacts(native, cards?.driver),
    refusePrecision: (asked) => refusePrecision(asked, native, { eager, xla }),
    compile: async (step, signature, precision) => {
      if (precision !== undefined) requirePrecision(engine, precision);
      if (eager) return createEagerCompiler(native.binding)(step, signature);
      const bfloat16 = precision === 'bfloat16' ? wayOf(native) : undefined;
      return compile(step, signature, native, { xla: xla ? 'compile' : undefined, bfloat16 });
    },
  };
  return engine;
}

/** Of computing in bfloat16. */
function wayOf({ usesGpu, bfloat16 }: Native): NonNullable<SavedModelOptions['bfloat16']> {
  if (usesGpu) return 'casts';
  return bfloat16 ? 'kept' : 'rewriter';
}

/** @returns why not, in a sentence without full stop */
function refusePrecision(
  precision: Precision,
  { usesGpu, tensorfloat32 }: Native,
  { eager, xla }: Pick<EngineOptions, 'eager' | 'xla'>,
): string | undefined {
  if (precision === 'tensorfloat32') {
    if (!usesGpu) return 'processors do not multiply in it, only graphics cards do';
    return tensorfloat32
      ? undefined
      : 'cards are set to it for a whole process, expected runs of other precisions in another command';
  }
  if (tensorfloat32)
    return 'the card is set to tensorfloat32 for this command, expected runs of one precision';
  if (precision === 'float32') return undefined;
  if (eager || xla) return `${eager ? '--eager' : '--xla'} computes in float32, expected none of it`;
  if (!usesGpu && !multipliesBfloat16())
    return 'the processor has no instructions for it (AVX-512 BF16 or AMX), and would be slower than in float32';
  return undefined;
}

/**
 * Compiles a step on a loaded TensorFlow. The engine, the check of a device and tests want it in several forms.
 *
 * @param skip names of passes to leave out
 */
export function compile(
  step: StepFunction,
  signature: Signature,
  native: Native,
  options: SavedModelOptions = {},
  skip: ReadonlySet<string> = skippedPasses(),
): Program {
  const { feedsAsWords = native.usesGpu, xla, bfloat16 } = options;
  // TensorFlow selects by rank on processors only, and XLA not at all.
  const unknown = native.usesGpu || xla !== undefined ? ['rank-lookups'] : [];
  const isOwn = !native.usesGpu && xla === undefined;
  const own: OwnKernels = {
    lanes: isOwn ? native.lanes : 0,
    passes: isOwn && native.passes,
    bfloat16: isOwn && bfloat16 === 'kept' && native.bfloat16,
    dense: isOwn && native.dense,
    implicitGemm: isOwn && native.implicitGemm,
    pools: isOwn && native.pools,
    updates: isOwn && native.updates,
    crossEntropies: isOwn && native.crossEntropies,
  };
  const precision = bfloat16 === undefined ? 'float32' : 'bfloat16';
  const plan = planProgram(step, signature, new Set([...skip, ...unknown]), own, precision);
  // Where td has nothing to put between the products, the rewriter joins more.
  const hasNorms = plan.rest.operations.some(({ op }) => op === 'NormRelu');
  const way = bfloat16 === 'kept' && !hasNorms ? 'rewriter' : bfloat16;
  const { bytes, names } = buildSavedModel(plan, signature, { ...options, feedsAsWords, bfloat16: way });
  return new TensorflowProgram(native.binding, signature, { names, feedsAsWords }, bytes);
}

/** What numbers depend on beside the device. */
function describeFacts(
  { binding, usesGpu, lanes, passes, bfloat16, dense, implicitGemm, pools, updates, crossEntropies }: Native,
  driver: string | undefined,
): Record<string, string> {
  const { NVIDIA_TF32_OVERRIDE } = process.env;
  return {
    tensorflow: binding.TF_Version,
    ...(usesGpu || lanes === 0 ? {} : { convolutions: `minimal filtering, ${lanes} lanes` }),
    ...(usesGpu || !passes ? {} : { weights: `joined passes, ${lanes} lanes` }),
    ...(usesGpu || !dense ? {} : { denseLayers: `joined products, ${lanes} lanes` }),
    ...(usesGpu || !implicitGemm ? {} : { unpaddedConvolutions: `implicit GEMM, ${lanes} lanes` }),
    ...(usesGpu || !pools ? {} : { pools: `joined with convolutions, ${lanes} lanes` }),
    ...(usesGpu || !updates ? {} : { updates: `joined, ${lanes} lanes` }),
    ...(usesGpu || !crossEntropies ? {} : { crossEntropies: `joined, ${lanes} lanes` }),
    ...(usesGpu || !bfloat16 ? {} : { bfloat16: `images kept between convolutions, ${lanes} lanes` }),
    ...(usesGpu ? { tf32: NVIDIA_TF32_OVERRIDE === '0' ? 'off' : 'as the card has it' } : {}),
    ...(driver === undefined ? {} : { driver }),
  };
}

/** Why no card is used, in a sentence. */
async function explainUnusedCard({ installation }: Native): Promise<string> {
  const located = locateTensorflow();
  const note = await describeUnusedCard(located, process.env);
  return note ?? `TensorFlow ${installation.version} found no graphics card here that it can use`;
}

export async function tensorflowStatus(): Promise<EngineStatus> {
  const installation = locateTensorflow();
  if ('reason' in installation) return { name: 'tensorflow', available: false, reason: installation.reason };
  return {
    name: 'tensorflow',
    available: true,
    devices: [...installation.selfTest.devices],
    version: `TensorFlow ${installation.version}`,
  };
}
