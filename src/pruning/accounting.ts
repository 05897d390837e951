/** @file What pruning achieved: sparsity, parameters and multiply-adds that are left. */
import { matrixShape } from './criteria.ts';

/** The shapes of a model's arrays. */
interface ModelShapes<Weight extends WeightShape = WeightShape> {
  /** The role `average` is that of running averages, which are not trained. */
  readonly parameters: readonly { readonly role: string; readonly shape: readonly number[] }[];
  readonly prunable: readonly Weight[];
}

interface WeightShape {
  /** Of the layer's output without the batch axis: `[units]` or `[height, width, filters]`. */
  readonly outputShape: readonly number[];
}

/** Counts of a pruned network. An entry counts as removed if it is zero, whether pruning or the method made it so. */
export interface Accounting {
  /** Share of the entries of prunable weights that are zero, 0 to 1. */
  readonly sparsity: number;
  /** Trained numbers of the whole model: kernels, biases, scales and shifts; running averages are not trained. */
  readonly parametersTotal: number;
  /**
   * `parametersTotal` less the removed entries of prunable weights. Biases of removed units still count, and so do
   * the following layer's entries that would multiply them.
   */
  readonly parametersKept: number;
  /** Multiply-adds of one image in the prunable layers: entries times output positions. */
  readonly multiplyAddsTotal: number;
  /** The same over the entries that are not zero. */
  readonly multiplyAddsKept: number;
}

/**
 * Counts what is left of a model.
 *
 * @param weightOf gives the pruned numbers of a prunable weight
 */
export function accountFor<Weight extends WeightShape>(
  model: ModelShapes<Weight>,
  weightOf: (weight: Weight) => Float32Array,
): Accounting {
  const layers = model.prunable.map((weight) => {
    const entries = weightOf(weight);
    // The last axis of the output is the column, so that each other place in it is a position.
    const { rows: positions } = matrixShape(weight.outputShape);
    return { positions, entries: entries.length, kept: countNonzero(entries) };
  });
  const entries = sum(layers.map((layer) => layer.entries));
  const removed = entries - sum(layers.map((layer) => layer.kept));
  const parametersTotal = countParameters(model);
  return {
    sparsity: entries === 0 ? 0 : removed / entries,
    parametersTotal,
    parametersKept: parametersTotal - removed,
    multiplyAddsTotal: sum(layers.map((layer) => layer.entries * layer.positions)),
    multiplyAddsKept: sum(layers.map((layer) => layer.kept * layer.positions)),
  };
}

/** Trained numbers of a model: every parameter but running averages. */
export function countParameters(model: Pick<ModelShapes, 'parameters'>): number {
  const trained = model.parameters.filter(({ role }) => role !== 'average');
  return sum(trained.map(({ shape }) => shape.reduce((product, extent) => product * extent, 1)));
}

function countNonzero(weight: Float32Array): number {
  return weight.reduce((count, entry) => (entry === 0 ? count : count + 1), 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
