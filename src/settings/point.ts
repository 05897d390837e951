/** @file A point in training, given in epochs or in steps, and where it lies in steps. */
import { UserError } from '../errors.ts';

/** Epochs and steps are kept apart until the number of steps in an epoch is known. */
export interface Point {
  readonly amount: number;
  readonly unit: 'epoch' | 'step';
}

/**
 * Reads a point as settings hold it: `12` and `12ep` are epochs (fractions allowed), `2000it` is steps.
 *
 * @throws UserError if it is neither
 */
export function parsePoint(text: number | string): Point {
  if (typeof text === 'number' && text >= 0) return { amount: text, unit: 'epoch' };
  const match = /^(?:(\d+(?:\.\d+)?)(?:ep)?|(\d+)it)$/.exec(String(text));
  if (match === null) {
    throw new UserError(
      `"${text}" is no point in training, expected epochs (12 or "12ep") or steps ("2000it")`,
    );
  }
  const [, epochs, steps] = match;
  return steps === undefined
    ? { amount: Number(epochs), unit: 'epoch' }
    : { amount: Number(steps), unit: 'step' };
}

/**
 * Number of steps taken when the point is reached, rounded to a whole step.
 *
 * @param stepsPerEpoch a whole number above 0
 */
export function stepsUntil(point: Point, stepsPerEpoch: number): number {
  return point.unit === 'step' ? point.amount : Math.round(point.amount * stepsPerEpoch);
}
