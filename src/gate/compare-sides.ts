/** @file Two runs, or two sweeps, side by side: settings that differ, accuracies with their intervals, rates at which they cross. */
import type { RunSettings } from '../config/schema.ts';
import type { Granularity } from '../pruning/types.ts';
import { listLeaves } from '../settings/plain.ts';
import type { SweepRow } from '../sweeps/rows.ts';
import { summarizeSeeds } from '../tables/cell.ts';
import { studentQuantile } from './student.ts';

/** Share of intervals that miss. */
const ALPHA = 0.05;

/** A run, or the runs of one variant over seeds. */
export interface Side {
  readonly settings: RunSettings | undefined;
  /** Of networks as they are. */
  readonly rows: readonly SweepRow[];
}

export interface SettingDifference {
  /** As `--set` takes it: `schedule.epochs`. */
  readonly path: string;
  /** Absent where the other has a setting that this one has not. */
  readonly a?: unknown;
  readonly b?: unknown;
}

export interface Interval {
  /** A share of the test images. */
  readonly mean: number;
  /** Where it lies with a confidence of 95 %. */
  readonly low: number;
  readonly high: number;
  readonly seeds: number;
}

export interface RateComparison {
  readonly pruneRate: number;
  readonly a: Interval;
  readonly b: Interval;
}

export interface Crossing {
  /** Swept rates, one after the other, between which the one that was behind goes ahead. */
  readonly from: number;
  readonly to: number;
  readonly ahead: 'a' | 'b';
}

export interface CurveComparison {
  readonly granularity: Granularity;
  /** At the rates that both were swept at, rising. */
  readonly rates: readonly RateComparison[];
  readonly crossings: readonly Crossing[];
}

/** Leaf by leaf, in the order of the schema. */
export function compareSettings(a: RunSettings | undefined, b: RunSettings | undefined): SettingDifference[] {
  if (a === undefined || b === undefined) return [];
  const [left, right] = [leavesOf(a), leavesOf(b)];
  const paths = new Set([...left.keys(), ...right.keys()]);
  return [...paths].flatMap((path): SettingDifference[] => {
    if (JSON.stringify(left.get(path)) === JSON.stringify(right.get(path))) return [];
    const own = left.has(path) ? { a: left.get(path) } : {};
    return [{ path, ...own, ...(right.has(path) ? { b: right.get(path) } : {}) }];
  });
}

function leavesOf(settings: RunSettings): Map<string, unknown> {
  const leaves = listLeaves(settings).filter(({ value }) => value !== undefined);
  return new Map(leaves.map(({ keys, value }) => [keys.join('.'), value]));
}

/** For each granularity that both were swept at. */
export function compareCurves(a: Side, b: Side): CurveComparison[] {
  return (['weight', 'unit'] as const).flatMap((granularity) => {
    const own = ({ rows }: Side) => rows.filter((row) => row.granularity === granularity);
    const [left, right] = [own(a), own(b)];
    const common = [...new Set(left.map(({ pruneRate }) => pruneRate))]
      .filter((rate) => right.some(({ pruneRate }) => pruneRate === rate))
      .toSorted((x, y) => x - y);
    const rates = common.flatMap((pruneRate): RateComparison[] => {
      const [first, second] = [intervalAt(left, pruneRate), intervalAt(right, pruneRate)];
      return first && second ? [{ pruneRate, a: first, b: second }] : [];
    });
    return rates.length === 0 ? [] : [{ granularity, rates, crossings: findCrossings(rates) }];
  });
}

/**
 * Over several seeds the mean and Student's interval; of a single run the accuracy and Wilson's interval for its test images.
 */
function intervalAt(rows: readonly SweepRow[], pruneRate: number): Interval | undefined {
  const own = rows.filter((row) => row.pruneRate === pruneRate);
  const cell = summarizeSeeds(own.map(({ accuracy }) => accuracy));
  const [first] = own;
  if (cell === undefined || first === undefined) return undefined;
  const { mean, seeds, deviation } = cell;
  if (deviation === undefined) return { mean, seeds, ...wilson(mean, first.testImages) };
  const reach = (studentQuantile(ALPHA, seeds - 1) * deviation) / Math.sqrt(seeds);
  return { mean, low: Math.max(0, mean - reach), high: Math.min(1, mean + reach), seeds };
}

/** Wilson's score interval of a share of so many trials. */
function wilson(share: number, trials: number): { readonly low: number; readonly high: number } {
  const z = studentQuantile(ALPHA, Number.POSITIVE_INFINITY);
  const square = (z * z) / trials;
  const centre = (share + square / 2) / (1 + square);
  const reach = (z * Math.sqrt((share * (1 - share) + square / 4) / trials)) / (1 + square);
  return { low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) };
}

/** A tie is no change: the next rate at which one is ahead counts. */
function findCrossings(rates: readonly RateComparison[]): Crossing[] {
  const crossings: Crossing[] = [];
  let last: { readonly rate: number; readonly ahead: 'a' | 'b' } | undefined;
  for (const { pruneRate, a, b } of rates) {
    if (a.mean === b.mean) continue;
    const ahead = a.mean > b.mean ? 'a' : 'b';
    if (last !== undefined && last.ahead !== ahead) crossings.push({ from: last.rate, to: pruneRate, ahead });
    last = { rate: pruneRate, ahead };
  }
  return crossings;
}
