/** @file How far the accuracies of a cell scatter from run to run, from few runs a cell. */
import { digamma, inverseTrigamma, trigamma } from './student.ts';

/** The runs of one variant, pruned at one granularity and rate. */
export interface CellSamples {
  readonly testImages: number;
  /** Shares of the test images classified correctly, one a run; at least one. */
  readonly baseline: readonly number[];
  readonly fresh: readonly number[];
}

/** The variance of the log-odds of one run's accuracy. */
export interface Spread {
  readonly variance: number;
  /** How well the variance is known; infinite where it is that of the test set alone. */
  readonly degreesOfFreedom: number;
}

/** What the runs of a cell say of its spread. */
interface Observed {
  /** Mean log-odds. */
  readonly level: number;
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

/** What to expect of the variance of a cell before looking at it. */
interface Prior {
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

/** Share of all cells from which the spread at one level of accuracy is read. */
const NEIGHBOURHOOD = 0.5;

/**
 * Accuracies of pruned networks have a longer lower tail than the normal distribution. With a prior of more weight, clean
 * runs failed oftener than asked for: docs/methods.md has the measurement.
 */
const MAXIMUM_PRIOR = 4;

/**
 * The log-odds of an accuracy. Near 0 and 1 they keep the differences that plain shares hide; half an image on either side
 * keeps them finite (Haldane 1955).
 */
export function toLogOdds(accuracy: number, testImages: number): number {
  const correct = accuracy * testImages;
  return Math.log((correct + 0.5) / (testImages - correct + 0.5));
}

/** The accuracy of which these are the log-odds. */
export function fromLogOdds(logOdds: number, testImages: number): number {
  const share = 1 / (1 + Math.exp(-logOdds));
  return Math.min(1, Math.max(0, (share * (testImages + 1) - 0.5) / testImages));
}

/**
 * The variance of the log-odds of one run in each cell.
 *
 * A cell's own variance, pooled over baseline and fresh runs (which are alike if nothing has changed), is known with
 * n − 2 degrees of freedom, which is little. It is therefore moderated (Smyth 2004, equation 3.4): averaged with what cells of
 * like accuracy lead to expect, weighted by degrees of freedom,
 *
 *     s² = (d₀ s₀² + d s_own²) / (d₀ + d)   with d₀ + d degrees of freedom.
 *
 * s₀² follows the accuracy, as local regression of log variances shows it (Sartor et al. 2006), and d₀ how much cells of
 * like accuracy differ (Smyth 2004, section 6.2). A cell with one run on each side has no variance of its own and takes that of
 * the nearest cell in accuracy that has. No variance is taken to be below the binomial one of the test set; where no
 * cell has several runs, that one is all there is.
 *
 * @param variants of the cells, by position: cells of one variant share their runs
 */
export function estimateSpreads(cells: readonly CellSamples[], variants: readonly string[]): Spread[] {
  const all = cells.map(observe);
  const known = all.filter(({ degreesOfFreedom }) => degreesOfFreedom > 0);
  const runs = new Map(variants.map((variant, index) => [variant, all[index]?.degreesOfFreedom ?? 0]));
  const independent = [...runs.values()].reduce((sum, own) => sum + own, 0);
  const priorAt = regressVariances(known, independent);
  return cells.map((cell, index) => {
    const found = all[index] as Observed;
    const least = binomialVariance(found.level);
    const own = found.degreesOfFreedom > 0 ? found : nearest(known, found.level);
    if (own === undefined)
      return { variance: least / cell.testImages, degreesOfFreedom: Number.POSITIVE_INFINITY };
    const prior = priorAt(found.level);
    const degreesOfFreedom = prior.degreesOfFreedom + own.degreesOfFreedom;
    const sum = prior.degreesOfFreedom * prior.variance + own.degreesOfFreedom * own.variance;
    return { variance: Math.max(sum / degreesOfFreedom, least / cell.testImages), degreesOfFreedom };
  });
}

function observe({ baseline, fresh, testImages }: CellSamples): Observed {
  const sides = [baseline, fresh].map((side) => side.map((accuracy) => toLogOdds(accuracy, testImages)));
  const squares = sides.flatMap(squaredDeviations);
  const degreesOfFreedom = baseline.length + fresh.length - 2;
  const variance = degreesOfFreedom > 0 ? sum(squares) / degreesOfFreedom : Number.NaN;
  return { level: mean(sides.flat()), variance, degreesOfFreedom };
}

/** Of equal numbers exactly 0: their mean may be off in its last digit, and the logarithm of that would count as a scatter. */
function squaredDeviations(values: readonly number[]): number[] {
  const shifted = values.map((value) => value - (values[0] ?? 0));
  return shifted.map((value) => (value - mean(shifted)) ** 2);
}

/** Of the log-odds of a single image: 1 / (p (1 − p)), by the delta method. */
function binomialVariance(level: number): number {
  return 2 + 2 * Math.cosh(level);
}

function nearest(cells: readonly Observed[], level: number): Observed | undefined {
  return cells.toSorted((a, b) => Math.abs(a.level - level) - Math.abs(b.level - level))[0];
}

/**
 * What the log variances of all cells say of the variance at a level of accuracy. Cells whose runs are all equal say nothing.
 *
 * @param independent degrees of freedom of all runs together: no prior can be known better than they allow
 */
function regressVariances(cells: readonly Observed[], independent: number): (level: number) => Prior {
  const points = cells
    .filter(({ variance }) => variance > 0)
    .map(({ level, variance, degreesOfFreedom: d }) => ({
      level,
      // Freed from the bias of the logarithm of a chi-square variable.
      value: Math.log(variance) - digamma(d / 2) + Math.log(d / 2),
      noise: trigamma(d / 2),
    }));
  const weightsAt = tricubeWeights(points.map(({ level }) => level));
  const fitAt = (level: number) =>
    sum(weightsAt(level).map((weight, index) => weight * (points[index]?.value ?? 0)));
  const residuals = points.map(({ level, value }) => (value - fitAt(level)) ** 2);
  const left = sum(points.map(({ level }, index) => 1 - (weightsAt(level)[index] ?? 0)));
  if (left < 1) return () => ({ variance: 0, degreesOfFreedom: 0 });
  const excess = sum(residuals) / left - mean(points.map(({ noise }) => noise));
  const heterogeneous = excess > 0 ? 2 * inverseTrigamma(excess) : Number.POSITIVE_INFINITY;
  const degreesOfFreedom = 1 / (1 / heterogeneous + 1 / Math.min(MAXIMUM_PRIOR, independent));
  const bias = Number.isFinite(heterogeneous) ? digamma(heterogeneous / 2) - Math.log(heterogeneous / 2) : 0;
  return (level) => ({ variance: Math.exp(fitAt(level) + bias), degreesOfFreedom });
}

/** Weights of the points nearest to a level, falling with their distance (Cleveland 1979); they add up to 1. */
function tricubeWeights(levels: readonly number[]): (level: number) => number[] {
  const width = Math.max(2, Math.ceil(levels.length * NEIGHBOURHOOD));
  return (level) => {
    const distances = levels.map((other) => Math.abs(other - level));
    const reach = distances.toSorted((a, b) => a - b)[Math.min(width, levels.length) - 1] ?? 0;
    // The farthest counts a little, and all are equal where none is away.
    const weights = distances.map(
      (distance) => Math.max(0, 1 - (distance / (reach * 1.001 + 1e-9)) ** 3) ** 3,
    );
    const total = sum(weights);
    return weights.map((weight) => weight / total);
  };
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
