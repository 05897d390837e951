/** @file Histograms as TensorBoard reads them: buckets that grow by a tenth from one to the next. */

/** Named as in TensorFlow's HistogramProto. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  /** How many numbers there are. */
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  /** Upper end of each bucket, which does not belong to it; the lower one is the upper one of the bucket before. */
  readonly bucketLimit: readonly number[];
  /** How many numbers lie in each bucket. */
  readonly bucket: readonly number[];
}

/** Magnitudes from 10⁻¹² to 10²⁰, both signs, and what lies beyond: TensorFlow's default limits. */
const LIMITS = bucketLimits();

/**
 * Counts finite numbers in TensorFlow's default buckets; others are left out. Neighbouring buckets without any are one.
 * A bucket holds its lower limit and not its upper one, so that zero lies in the bucket from 0 to 10⁻¹².
 */
export function histogramOf(values: Float32Array): Histogram {
  const counts = new Float64Array(LIMITS.length);
  const totals = { min: Number.MAX_VALUE, max: -Number.MAX_VALUE, num: 0, sum: 0, sumSquares: 0 };
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const bucket = bucketOf(value);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    totals.min = Math.min(totals.min, value);
    totals.max = Math.max(totals.max, value);
    totals.num++;
    totals.sum += value;
    totals.sumSquares += value * value;
  }
  return { ...totals, ...joinEmpty(counts) };
}

function bucketLimits(): Float64Array {
  const positive: number[] = [];
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) positive.push(limit);
  positive.push(Number.MAX_VALUE);
  return Float64Array.from([...positive.toReversed().map((limit) => -limit), 0, ...positive]);
}

/** Index of the first limit above a number, which is below the last limit. */
function bucketOf(value: number): number {
  let low = 0;
  let high = LIMITS.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((LIMITS[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function joinEmpty(counts: Float64Array): Pick<Histogram, 'bucketLimit' | 'bucket'> {
  const bucketLimit: number[] = [];
  const bucket: number[] = [];
  counts.forEach((count, index) => {
    // The last of several empty buckets stands for all of them.
    if (count === 0 && counts[index + 1] === 0) return;
    bucketLimit.push(LIMITS[index] as number);
    bucket.push(count);
  });
  return { bucketLimit, bucket };
}
