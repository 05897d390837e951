/** @file What a criterion's scores remove: a share of each layer or of all layers together, with a floor under each. */
import { at } from '../../lookup.ts';
import { countLowest } from '../criteria.ts';
import type { Budget } from './types.ts';

/**
 * Keeps all but the lowest scores: floor(rate · n) of them go, of equal ones those that come first. A layer keeps at least its
 * floor, rounded up; with a global budget other layers then lose more, as far as they can.
 *
 * @param scores of each layer; NaN ranks highest
 * @param rate share to remove, 0 to 1
 * @param keepAtLeast share of each layer that stays, 0 to 1
 * @returns for each layer 1 where a score is kept and 0 where it is not
 */
export function keepHighest(
  scores: readonly Float32Array[],
  rate: number,
  budget: Budget,
  keepAtLeast: number,
): Uint8Array[] {
  const removable = scores.map((own) => protectFloor(own, keepAtLeast));
  if (budget === 'layer')
    return removable.map((own) => at(removeLowest([own], countLowest(rate, own.length)), 0));
  const total = scores.reduce((sum, own) => sum + own.length, 0);
  return removeLowest(removable, countLowest(rate, total));
}

/** The scores with those of the floor at infinity: they are never removed. */
function protectFloor(scores: Float32Array, keepAtLeast: number): Float32Array {
  // A share is written in decimal: 0.1 of 30 is 3, although the product of these doubles lies just above.
  const floor = Math.min(scores.length, Math.ceil(keepAtLeast * scores.length - 1e-9));
  if (floor === 0) return scores;
  const [kept = scores] = removeLowest([scores], scores.length - floor);
  return scores.map((score, index) => (kept[index] === 1 ? Number.POSITIVE_INFINITY : score));
}

function removeLowest(scores: readonly Float32Array[], count: number): Uint8Array[] {
  const all = new Float32Array(scores.reduce((sum, own) => sum + own.length, 0));
  let end = 0;
  for (const own of scores) {
    all.set(own, end);
    end += own.length;
  }
  const threshold = all.sort()[count] ?? Number.POSITIVE_INFINITY;
  let below = 0;
  for (const own of scores) for (const score of own) if (score < threshold) below++;
  // Of scores at the threshold as many go as are wanting; what is at infinity never does.
  let wanting = threshold === Number.POSITIVE_INFINITY ? 0 : count - below;
  return scores.map((own) =>
    Uint8Array.from(own, (score) => {
      if (score < threshold) return 0;
      if (score !== threshold || wanting === 0) return 1;
      wanting--;
      return 0;
    }),
  );
}
