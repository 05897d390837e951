/** @file Compares fresh accuracies with those of a baseline, cell by cell. */
import type { Granularity } from '../pruning/types.ts';
import { type Cell, summarizeSeeds } from '../tables/cell.ts';
import { type CellSamples, estimateSpreads, fromLogOdds, type Spread, toLogOdds } from './spread.ts';
import { studentQuantile, studentTail } from './student.ts';

/** Accuracies of one variant at one granularity and rate, in the baseline and afresh. */
export interface PairedCell extends CellSamples {
  readonly variant: string;
  readonly granularity: Granularity;
  /** 0 to 1. */
  readonly pruneRate: number;
}

/** `perfect`: a run classified every test image correctly, which none of the baseline does. */
export type Verdict = 'ok' | 'fell' | 'rose' | 'perfect';

export interface TestedCell extends Pick<PairedCell, 'variant' | 'granularity' | 'pruneRate' | 'testImages'> {
  readonly baseline: Cell;
  readonly fresh: Cell;
  /** The fresh mean less that of the baseline, a share. */
  readonly difference: number;
  /** The mean accuracies between which the cell passes. */
  readonly passes: { readonly from: number; readonly to: number };
  /**
   * An upper bound on the probability that some cell would differ as much by chance if nothing had changed: the p-value of this
   * cell times the number of cells.
   */
  readonly pValue: number;
  readonly verdict: Verdict;
}

export interface TestedCells {
  readonly cells: readonly TestedCell[];
  /** Whether the spread between seeds is known: some variant has several runs in the baseline or afresh. */
  readonly isSpreadKnown: boolean;
}

/**
 * Tests each cell for a change of its mean log-odds: Student's t with the variance of `estimateSpreads`,
 *
 *     t = (fresh − baseline) / √(s² (1/n_fresh + 1/n_baseline)),
 *
 * two-sided, since an accuracy that rises for no reason is as suspect as one that falls. With K cells each is tested at
 * alpha / K, so that a clean experiment fails with probability alpha at most however its cells depend on each other (Bonferroni;
 * Dunn 1961).
 *
 * @param alpha share of clean experiments that may fail by chance, between 0 and 1
 */
export function testCells(cells: readonly PairedCell[], alpha: number): TestedCells {
  const spreads = estimateSpreads(
    cells,
    cells.map(({ variant }) => variant),
  );
  return {
    cells: cells.map((cell, index) => testCell(cell, spreads[index] as Spread, alpha, cells.length)),
    isSpreadKnown: cells.some(({ baseline, fresh }) => baseline.length > 1 || fresh.length > 1),
  };
}

function testCell(
  { variant, granularity, pruneRate, testImages, ...samples }: PairedCell,
  { variance, degreesOfFreedom }: Spread,
  alpha: number,
  cells: number,
): TestedCell {
  const [baseline, fresh] = [samples.baseline, samples.fresh].map(summarizeSeeds) as [Cell, Cell];
  const [before, now] = [samples.baseline, samples.fresh].map(
    (side) => side.reduce((sum, accuracy) => sum + toLogOdds(accuracy, testImages), 0) / side.length,
  ) as [number, number];
  const error = Math.sqrt(variance * (1 / baseline.seeds + 1 / fresh.seeds));
  const pValue = Math.min(1, cells * studentTail((now - before) / error, degreesOfFreedom));
  const tolerance = studentQuantile(alpha / cells, degreesOfFreedom) * error;
  const isPerfect = samples.fresh.includes(1) && !samples.baseline.includes(1);
  return {
    variant,
    granularity,
    pruneRate,
    testImages,
    baseline,
    fresh,
    difference: fresh.mean - baseline.mean,
    passes: {
      from: fromLogOdds(before - tolerance, testImages),
      to: fromLogOdds(before + tolerance, testImages),
    },
    pValue,
    verdict: isPerfect ? 'perfect' : pValue > alpha ? 'ok' : now < before ? 'fell' : 'rose',
  };
}
