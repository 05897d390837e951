/**
 * @file Whether a step on a graphics card gave what the processor gives, up to rounding and what rounding decides.
 *
 * Each number of a step is rounded, by about a millionth of the largest beside it, and rounding decides now and then: a ReLU whose input
 * is zero but for rounding lets it pass on one device and not on the other, one in some millions, and the gradients behind it then change
 * by up to a hundredth of an array (docs/determinism.md). A kernel that computes something else changes arrays by as much as they are.
 */
import type { ArrayData, NamedArrays } from '../../../arrays.ts';

/** What a step gave. */
export interface Outcome {
  readonly fetches: NamedArrays;
  readonly state: NamedArrays;
}

/** As a share of what was expected, of the number that is farthest from it. */
export interface Difference {
  readonly share: number;
  readonly where: string;
}

/** Ten times what decided ReLUs make, a tenth of what a wrong kernel makes. */
export const LARGEST_SHARE = 0.1;

/** What a step returns is a sum over many images: decisions hardly move it. */
const LARGEST_FETCH_SHARE = 0.01;

/** Where numbers rounded otherwise move an array by more than this share of its change, nothing can be told from it. */
const UNDECIDED_SHARE = 0.01;

/** A smaller change, as at a learning rate near zero, is rounded away in the numbers that it is added to. */
const LEAST_CHANGE = 1e-4;

/** Numbers of feeds and state as another rounding might leave them, in float32 arrays of more than one number. */
export function roundOtherwise(arrays: NamedArrays): NamedArrays {
  const moved = (data: Float32Array) => data.map((number, index) => number * (1 + 1e-6 * Math.sin(index)));
  return Object.fromEntries(
    Object.entries(arrays).map(([name, data]) => [
      name,
      data instanceof Float32Array && data.length > 1 ? moved(data) : data,
    ]),
  );
}

/**
 * The largest difference between what a device and the processor made of the same state and feeds, in shares of which
 * `LARGEST_SHARE` is the bound.
 *
 * @param moved what the processor makes of feeds that are rounded otherwise
 * @param before the state that the step began with
 */
export function compareOutcomes(
  actual: Outcome,
  expected: Outcome,
  moved: Outcome,
  before: NamedArrays,
): Difference {
  const differences = Object.entries(expected.fetches).map(([name, wanted]) => ({
    share: (fetchShare(actual.fetches[name], wanted) * LARGEST_SHARE) / LARGEST_FETCH_SHARE,
    where: name,
  }));
  for (const [name, wanted] of Object.entries(expected.state)) {
    if (changeShare(moved.state[name], wanted, before[name]) > UNDECIDED_SHARE) continue;
    differences.push({ share: changeShare(actual.state[name], wanted, before[name]), where: name });
  }
  return differences.reduce((largest, next) => (next.share > largest.share ? next : largest), {
    share: 0,
    where: 'nothing',
  });
}

/**
 * The largest difference of a fetch as a share of what was expected. Counts may differ by one, since an image may lie between two
 * classes; numbers that are NaN or infinite on the processor, too, are not compared.
 */
function fetchShare(actual: ArrayData | undefined, expected: ArrayData): number {
  const shares = Array.from(expected, (wanted, index) => {
    const got = actual?.[index] ?? Number.NaN;
    const areCounts = Number.isInteger(wanted) && Number.isInteger(got);
    if (!Number.isFinite(wanted) || (areCounts && Math.abs(got - wanted) <= 1)) return 0;
    return finite(Math.abs(got - wanted) / Math.max(Math.abs(wanted), 1e-6));
  });
  return Math.max(0, ...shares);
}

/** The length of the difference as a share of the length of the change. */
function changeShare(
  actual: ArrayData | undefined,
  expected: ArrayData,
  before: ArrayData | undefined,
): number {
  let [difference, change, size] = [0, 0, 0];
  expected.forEach((wanted, index) => {
    const got = actual?.[index] ?? Number.NaN;
    if (!Number.isFinite(wanted)) return;
    difference += (got - wanted) ** 2;
    change += (wanted - (before?.[index] ?? 0)) ** 2;
    size += wanted ** 2;
  });
  if (difference === 0) return 0;
  return finite(Math.sqrt(difference) / Math.max(Math.sqrt(change), LEAST_CHANGE * Math.sqrt(size)));
}

/** A share that is no number counts as infinitely far off. */
function finite(share: number): number {
  return Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
}
