/** @file How much memory a training takes, and whether this machine has it. */

import { totalmem } from 'node:os';
import { type NamedSpecs, sizeOf } from '../arrays.ts';
import type { Value } from '../compiler/graph.ts';
import { peakBytes } from '../compiler/liveness.ts';
import type { Signature } from '../compiler/step.ts';
import { traceStep } from '../compiler/trace-step.ts';
import { FEWEST_FILTERED_CHANNELS } from '../engines/onnx/lower/lowering.ts';
import type { Engine } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { buildEvaluationStep, EVALUATION_BATCH } from './evaluator.ts';
import type { Training } from './types.ts';

const BYTES_PER_NUMBER = 4;

/** Bytes of the state: its checkpoint must be readable at once, which ends at 2 GiB, names and shapes included. */
const LARGEST_STATE = 2 ** 31 - 2 ** 20;

/**
 * Refuses a training whose state is larger than a checkpoint can be.
 *
 * @throws UserError
 */
export function requireCheckpoint({ state }: Signature): void {
  const bytes = bytesOf(state);
  if (bytes <= LARGEST_STATE) return;
  throw new UserError(
    `weights and optimizer take ${gigabytes(bytes)}, expected at most ${gigabytes(LARGEST_STATE)}, which a checkpoint can hold; use a smaller model`,
  );
}

/** Bytes of a process that trains next to nothing: Node.js, tfjs, onnxruntime. */
const PROCESS = 260e6;

/** Bytes of garbage that the collector leaves for a while. */
const GARBAGE = 64e6;

/**
 * What the parts of a training take for each of their bytes; fitted to what `npm run bench:memory` measures. State: in the
 * program, and copied for a checkpoint. Garbage: copies of a small state, which are not collected at once. Feeds: noise and
 * images, and what their values are copied to. Weights: values of a step of a weight's size, such as gradients, which are handed
 * to the host, too. Images: all other values of a step. Evaluation: values of one of its batches. Filtering: filters that
 * minimal filtering transforms, and what it makes of images. Parts of evaluation: values of one of its batches once more, which
 * minimal filtering puts together from parts.
 */
const SHARES = {
  state: 2,
  garbage: 2.1,
  feeds: 2.3,
  weights: 1.8,
  images: 0.8,
  evaluation: 1.1,
  filtering: 7,
  partsOfEvaluation: 0.8,
} as const;

/** Estimates, which take up to a second, by what they depend on: seeds share them. */
const estimates = new Map<string, number>();

type EngineKind = Pick<Engine, 'name' | 'device'>;

/**
 * Bytes that a process takes at most while it trains, measured for every model and method (`npm run bench:memory`): within
 * a quarter of what it takes.
 *
 * @returns nothing for all engines but the compiled one on the processor, for which it was measured
 */
export function estimateMemory(training: Training, { name, device }: EngineKind): number | undefined {
  if (name !== 'onnx' || !device.startsWith('CPU')) return undefined;
  const { settings, dataset } = training;
  const { model, regularizer, schedule } = settings;
  const { train, validation, test } = dataset;
  const counts = [train, validation, test].map((split) => [split?.count, split?.images.buffer.byteLength]);
  const key = JSON.stringify([model, regularizer, schedule, dataset.imageShape, dataset.classes, counts]);
  const estimate = estimates.get(key) ?? estimateCompiled(training);
  estimates.set(key, estimate);
  return estimate;
}

function estimateCompiled({ model, step, signature, dataset }: Training): number {
  const { validation, test } = dataset;
  const evaluations = [test, ...(validation === undefined ? [] : [validation])].map(({ count }) => {
    const { step, signature } = buildEvaluationStep(model, Math.min(EVALUATION_BATCH, count));
    return peakBytes(traceStep(step, signature).traced);
  });
  const { state, feeds } = signature;
  const { traced } = traceStep(step, signature);
  const sizes = new Set(Object.values(state).map(({ shape }) => sizeOf(shape)));
  const filtered = model.parameters.filter(({ shape }) => isFiltered(shape));
  const isWeight = ({ shape }: Value) => sizes.has(sizeOf(shape));
  return (
    PROCESS +
    dataset.train.images.buffer.byteLength +
    dataset.test.images.buffer.byteLength +
    SHARES.state * bytesOf(state) +
    SHARES.garbage * Math.min(bytesOf(state), GARBAGE) +
    SHARES.feeds * bytesOf(feeds) +
    SHARES.weights * peakBytes(traced, isWeight) +
    SHARES.filtering * BYTES_PER_NUMBER * filtered.reduce((sum, { shape }) => sum + sizeOf(shape), 0) +
    SHARES.images * peakBytes(traced, (value) => !isWeight(value)) +
    (SHARES.evaluation + (filtered.length > 0 ? SHARES.partsOfEvaluation : 0)) *
      evaluations.reduce((sum, bytes) => sum + bytes)
  );
}

/** Whether a filter `[height, width, in, out]` is one of many channels, as `engines/onnx/lower/minimal-filtering.ts` takes them. */
function isFiltered([height, width, input = 0, output = 0]: readonly number[]): boolean {
  return height === 3 && width === 3 && Math.min(input, output) >= FEWEST_FILTERED_CHANNELS;
}

/** How far the estimate may be from what is taken, as a factor. */
export const ACCURACY = 1.25;

/** `exceeds` what this process may have, by all that is known; or `may exceed` it. */
export type MemoryFit = 'fits' | 'may exceed' | 'exceeds';

/** @param available bytes of memory that this process may have */
export function judgeMemory(estimate: number, available = memoryOfProcess()): MemoryFit {
  if (estimate > ACCURACY * available) return 'exceeds';
  return ACCURACY * estimate > available ? 'may exceed' : 'fits';
}

/** `about 6.4 GB of memory, and 3.0 GB are there` */
export function describeMemory(estimate: number, available = memoryOfProcess()): string {
  return `about ${gigabytes(estimate)} of memory, and ${gigabytes(available)} are there`;
}

/**
 * Refuses a training that cannot fit. Left to begin, it would be ended by the operating system, and all other runs of the
 * command with it.
 *
 * @param estimate bytes; nothing is refused where nothing is known
 * @throws UserError if the training needs more, by all that is known
 */
export function requireMemory(estimate: number | undefined, available = memoryOfProcess()): void {
  if (estimate === undefined || judgeMemory(estimate, available) !== 'exceeds') return;
  throw new UserError(
    `the training needs ${describeMemory(estimate, available)}; a smaller model or schedule.batchSize would need less`,
  );
}

/** All of the machine's, or what a container leaves to this process. */
function memoryOfProcess(): number {
  // 0 or a number beyond all memory where nothing limits it.
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

function bytesOf(specs: NamedSpecs): number {
  return Object.values(specs).reduce(
    (sum, { shape, dtype }) => sum + (dtype === 'bool' ? 1 : BYTES_PER_NUMBER) * sizeOf(shape),
    0,
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
