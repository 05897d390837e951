/** @file Measures of pruned layers: histograms of magnitudes, shares of the norm, shares of zeros. */
import type { PrunedLayer } from './pruned-layers.ts';

/** In root mean squares of a layer. */
export const BIN_WIDTH = 0.1;
/** The last bin holds all beyond 4 root mean squares. */
const BINS = 41;
/** In root mean squares of its layer: what is smaller is nearly zero. */
const NEARLY_ZERO = 0.1;

export interface Magnitudes {
  /** Share in each bin that pruning makes, or finds, zero. */
  readonly removed: readonly number[];
  /** Share in each bin that is left. */
  readonly kept: readonly number[];
  /** Share of the squared norm that pruning removes, 0 to 1. */
  readonly removedNorm: number;
  readonly layers: readonly LayerZeros[];
}

interface LayerZeros {
  readonly name: string;
  /** Share below a tenth of the layer's root mean square before pruning, 0 to 1. */
  readonly asTrained: number;
  /** Share of zeros after pruning, 0 to 1. */
  readonly pruned: number;
}

interface LayerMeasure extends LayerZeros {
  readonly removed: Float64Array;
  readonly kept: Float64Array;
  readonly removedNorm: number;
}

/** Every layer counts alike, however many weights it has. */
export function measureMagnitudes(layers: readonly PrunedLayer[]): Magnitudes {
  const measures = layers.map(measureLayer);
  const meanOf = (pick: (measure: LayerMeasure) => number) =>
    measures.reduce((sum, measure) => sum + pick(measure), 0) / Math.max(1, measures.length);
  const meanBins = (part: 'removed' | 'kept') =>
    Array.from({ length: BINS }, (_, bin) => meanOf((measure) => measure[part][bin] ?? 0));
  return {
    removed: meanBins('removed'),
    kept: meanBins('kept'),
    removedNorm: meanOf(({ removedNorm }) => removedNorm),
    layers: measures.map(({ name, asTrained, pruned }) => ({ name, asTrained, pruned })),
  };
}

function measureLayer({ name, sizes, prunedSizes }: PrunedLayer): LayerMeasure {
  const removed = new Float64Array(BINS);
  const kept = new Float64Array(BINS);
  const count = Math.max(1, sizes.length);
  const norm = sumSquares(sizes);
  const scale = Math.sqrt(norm / count);
  let near = 0;
  let zeros = 0;
  let removedNorm = 0;
  sizes.forEach((size, index) => {
    const isRemoved = prunedSizes[index] === 0;
    const bins = isRemoved ? removed : kept;
    const bin = binOf(size, scale);
    bins[bin] = (bins[bin] ?? 0) + 1 / count;
    if (size <= NEARLY_ZERO * scale) near++;
    if (isRemoved) {
      zeros++;
      removedNorm += size ** 2;
    }
  });
  return {
    name,
    asTrained: near / count,
    pruned: zeros / count,
    removed,
    kept,
    removedNorm: norm === 0 ? 0 : removedNorm / norm,
  };
}

/** A layer of zeros has no scale: all of it is in the first bin. */
function binOf(size: number, scale: number): number {
  return scale === 0 ? 0 : Math.min(BINS - 1, Math.floor(size / scale / BIN_WIDTH));
}

function sumSquares(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value ** 2, 0);
}
