/** @file What the figures of an experiment show: plain data, made from its files, that can travel as JSON. */
import type { Granularity } from '../pruning/types.ts';
import type { Cell } from '../tables/cell.ts';
import type { GridTable } from '../tables/grid-table.ts';

/** A method as every figure of an experiment shows it. */
export interface Line {
  /** The method with its numbers, as tables call it: `targeted(0.66, 0.75)`. */
  readonly heading: string;
  readonly variant: string;
  /** Number of its colour, marker and dash, the same in all figures of the experiment. */
  readonly style: number;
}

export interface AccuracyLine extends Line {
  /** How its networks were evaluated: `dense`, `stochastic with 5 draws`. */
  readonly terms: string;
  /** By ascending prune rate, 0 to 1. Accuracies are shares of the test images, over seeds. */
  readonly points: readonly { readonly rate: number; readonly accuracy: Cell }[];
}

/** Accuracy against prune rate under one evaluation. */
export interface AccuracyFigure {
  /** `dense`, `gamma, recalibrated` */
  readonly evaluation: string;
  /** What the names of its files end with: `-gamma-recalibrated`; nothing for networks as they are. */
  readonly suffix: string;
  /** At least one. */
  readonly lines: readonly AccuracyLine[];
}

export interface TrainingLine extends Line {
  /** By epochs completed, from 1. Over the seeds that came so far; what is not finite is left out. */
  readonly points: readonly {
    readonly epoch: number;
    /** Share of the test images, nothing pruned. */
    readonly testAccuracy: Cell | undefined;
    /** Share of the validation images, nothing pruned, of runs that hold some out. */
    readonly validationAccuracy?: Cell | undefined;
    /** Mean over the epoch's training images, in nats. */
    readonly trainLoss: Cell | undefined;
  }[];
}

/** The magnitudes of one trained network: of its weights, or of its units' columns. */
export interface WeightPanel extends Line {
  readonly seed: number;
  /** Share of the magnitudes that lie in each bin and are zero after pruning; the last bin has no upper end. */
  readonly removed: readonly number[];
  /** Share of the magnitudes that lie in each bin and are kept. */
  readonly kept: readonly number[];
  /** Share of the squared norm that pruning removes, 0 to 1. */
  readonly removedNorm: number;
}

/** Prunable layers count alike: each is measured in its own root mean square, and shares are means over layers. */
export interface WeightFigure {
  /** Prune rate that separates what is removed from what is kept, 0 to 1. */
  readonly rate: number;
  /** Width of a bin, in root mean squares. */
  readonly binWidth: number;
  readonly panels: readonly WeightPanel[];
}

export interface LayerRow extends Line {
  readonly seed: number;
  /** Share of each layer that is zero, or nearly, before pruning; nothing for layers of other networks. */
  readonly asTrained: readonly (number | null)[];
  /** Share of each layer that is zero after pruning. */
  readonly pruned: readonly (number | null)[];
}

export interface LayerFigure {
  /** Prune rate of `pruned`, 0 to 1. */
  readonly rate: number;
  /** Names of the prunable layers, in the order of the network. */
  readonly layers: readonly string[];
  readonly rows: readonly LayerRow[];
}

export type CostKind = 'multiply-adds' | 'latency';

export interface CostLine extends Line {
  /** By rising prune rate. The cost is a share of the whole network's multiply-adds, or milliseconds for one image. */
  readonly points: readonly { readonly rate: number; readonly cost: number; readonly accuracy: Cell }[];
}

/** Accuracy against what a network costs to run. */
export interface CostFigure {
  readonly kind: CostKind;
  /** Whether multiply-adds are those of exported networks, in which what a removed unit fed is gone, too. */
  readonly isMeasured: boolean;
  /** At least one. */
  readonly lines: readonly CostLine[];
}

/** The figures about pruning single weights, or about pruning whole units. */
export interface GranularityFigures {
  readonly granularity: Granularity;
  /** One for each evaluation, the one to look at first at the beginning. Empty before the first sweep. */
  readonly accuracy: readonly AccuracyFigure[];
  /** Empty before the first epoch. */
  readonly training: readonly TrainingLine[];
  /** The last two are absent while nothing is trained to the end. */
  readonly weights?: WeightFigure;
  readonly layers?: LayerFigure;
  /** The last two are of networks as they are, under no other evaluation. */
  readonly costs?: readonly CostFigure[];
  /** One for each grid of variants, at the rate at which they differ most. */
  readonly grids?: readonly GridTable[];
}

export interface ExperimentFigures {
  readonly experiment: string;
  readonly granularities: readonly GranularityFigures[];
}
