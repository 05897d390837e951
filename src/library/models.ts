/** @file Pruning of the targeted layers of a model, and what is left of it. */
import * as tf from '@tensorflow/tfjs';
import { requireRate, type TargetedPruneOptions, targetedPrune } from './functions.ts';
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
 * Prunes the kernel of each targeted layer of a model, also of models and wrappers within it, by the same rate, and leaves biases and
 * other layers as they are. The weights of the model change: to compare rates, keep `model.getWeights()` or prune in rising
 * order, where each rate removes what the one before did, and more.
 *
 * @returns what is left
 * @throws RangeError if the rate is not between 0 and 1, the granularity is unknown, or the model has no targeted layer
 */
export function pruneModel(model: tf.LayersModel, options: TargetedPruneOptions): Counts {
  requireRate('rate', options?.rate);
  const layers = targetedLayers(model);
  if (layers.length === 0) throw new RangeError('the model has no targeted layer, expected at least one');
  for (const layer of layers) {
    const [kernel, ...others] = layer.getWeights();
    if (kernel === undefined) continue;
    const pruned = targetedPrune(kernel, options);
    layer.setWeights([pruned, ...others]);
    pruned.dispose();
  }
  return countWeights(model);
}

/** Counts what is left of the targeted layers of a model. */
export function countWeights(model: tf.LayersModel): Counts {
  let [total, kept] = [0, 0];
  for (const layer of targetedLayers(model)) {
    const [kernel] = layer.getWeights();
    if (kernel === undefined) continue;
    total += kernel.size;
    const nonzero = tf.tidy(() => tf.sum(tf.cast(tf.notEqual(kernel, 0), 'int32')));
    kept += nonzero.dataSync()[0] ?? 0;
    nonzero.dispose();
  }
  return { total, kept, sparsity: total === 0 ? 0 : 1 - kept / total };
}

function targetedLayers({ layers }: Pick<tf.LayersModel, 'layers'>): tf.layers.Layer[] {
  return layers.flatMap((layer) => {
    if (layer instanceof tf.LayersModel) return targetedLayers(layer);
    if (layer instanceof TargetedDense || layer instanceof TargetedConv2d) return [layer];
    return targetedLayers({ layers: layersWithin(layer) });
  });
}

/** What wrappers of tfjs hold: `timeDistributed` one layer, `bidirectional` two. */
function layersWithin(wrapper: object): tf.layers.Layer[] {
  const { layer, forwardLayer, backwardLayer } = wrapper as Readonly<Record<string, unknown>>;
  return [layer, forwardLayer, backwardLayer].filter((inner) => inner instanceof tf.layers.Layer);
}
