/** @file Pruning of the targeted layers of a model, and what is left of it. */
import * as tf from '@tensorflow/tfjs';
import { describe } from './checks.ts';
import { completePruning, type TargetedPruneOptions, targetedPrune } from './functions.ts';
import { TargetedConv2d, TargetedDense } from './layers.ts';

/** Counts over the kernels of the targeted layers of a model. */
export interface Counts {
  /** Entries of all kernels. */
  readonly total: number;
  /** Entries that are not 0. */
  readonly kept: number;
  /** Share of the entries that are 0: 0 to 1. */
  readonly sparsity: number;
}

/**
 * Prunes the kernel of each targeted layer of a model, also within other models and wrappers such as `timeDistributed`, by the
 * same rate, and leaves biases and other layers as they are. The weights of the model change: to compare rates, keep
 * `model.getWeights()` or prune in rising order, where each rate removes what the one before did, and more.
 *
 * @returns what is left
 * @throws RangeError before anything is pruned, if the rate is no number from 0 to 1, the granularity or the name of an option is
 *   unknown, or the model has no targeted layer, or one whose kernel has entries that are not finite
 */
export function pruneModel(model: tf.LayersModel, options: TargetedPruneOptions): Counts {
  const pruning = completePruning('pruneModel', options);
  const layers = targetedLayers(model);
  if (layers.length === 0) throw new RangeError('the model has no targeted layer, expected at least one');
  for (const layer of layers) requireFiniteKernel(layer);
  for (const layer of layers) {
    const [kernel, ...others] = layer.getWeights();
    if (kernel === undefined) continue;
    const pruned = targetedPrune(kernel, pruning);
    layer.setWeights([pruned, ...others]);
    pruned.dispose();
  }
  return countWeights(model);
}

/**
 * Counts what is left of the targeted layers of a model. Entries that are not finite are kept.
 *
 * @throws RangeError if this is no model of tfjs
 */
export function countWeights(model: tf.LayersModel): Counts {
  let [total, kept] = [0, 0];
  for (const layer of targetedLayers(model)) {
    const [kernel] = layer.getWeights();
    if (kernel === undefined) continue;
    total += kernel.size;
    kept += countTrue(() => tf.notEqual(kernel, 0));
  }
  return { total, kept, sparsity: total === 0 ? 0 : 1 - kept / total };
}

/** Among entries that are no numbers there is no rank, so that pruning would keep them at every rate. */
function requireFiniteKernel(layer: tf.layers.Layer): void {
  const [kernel] = layer.getWeights();
  if (kernel === undefined) return;
  const wrong = countTrue(() => tf.logicalNot(tf.isFinite(kernel)));
  if (wrong > 0)
    throw new RangeError(
      `the kernel of layer "${layer.name}" has ${describeEntries(wrong)} not finite, expected numbers`,
    );
}

function describeEntries(count: number): string {
  return count === 1 ? '1 entry that is' : `${count} entries that are`;
}

function countTrue(flags: () => tf.Tensor): number {
  const count = tf.tidy(() => tf.sum(tf.cast(flags(), 'int32')));
  const [number = 0] = count.dataSync();
  count.dispose();
  return number;
}

/** Each once, wherever and however often it stands in the model. */
function targetedLayers(model: tf.LayersModel): tf.layers.Layer[] {
  if (!(model instanceof tf.LayersModel))
    throw new RangeError(
      `the model is ${describe(model)}, expected a model of the tfjs that is imported here`,
    );
  const seen = new Set<tf.layers.Layer>();
  collectLayers(model, seen);
  return [...seen].filter((layer) => layer instanceof TargetedDense || layer instanceof TargetedConv2d);
}

function collectLayers(layer: tf.layers.Layer, seen: Set<tf.layers.Layer>): void {
  if (seen.has(layer)) return;
  seen.add(layer);
  for (const inner of layersWithin(layer)) collectLayers(inner, seen);
}

/** Names under which models and wrappers of tfjs hold layers: `timeDistributed` has one, `bidirectional` one for each direction. */
const INNER = ['layers', 'layer', 'forwardLayer', 'backwardLayer'];

function layersWithin(layer: tf.layers.Layer): tf.layers.Layer[] {
  return INNER.flatMap((name) => Reflect.get(layer, name)).filter(
    (inner) => inner instanceof tf.layers.Layer,
  );
}
