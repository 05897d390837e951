/** @file What settings ask for that a training is too short to give, or that a sweep does not show: sentences, never errors. */
import { Epochs, type Length, parseLength } from '../settings/training-time.ts';

/** The training and the sweep that settings are held against. */
export interface PlannedTraining {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Of the sweep, from 0 to 1. */
  readonly largestRate: number;
  /** Whether the epoch with the highest validation accuracy is kept, whichever it is. */
  readonly keepsBest?: boolean;
}

/**
 * Warns of something that goes on for longer than the training.
 *
 * @param what the setting and what it is: `the ramp (ramp.first and ramp.second)`
 * @param lengths one or more in a row, as settings hold them
 * @param consequence a clause
 */
export function warnIfLonger(
  what: string,
  lengths: readonly (number | string)[],
  { epochs, stepsPerEpoch }: PlannedTraining,
  consequence: string,
): string[] {
  const parsed = lengths.map(parseLength);
  const steps = parsed.reduce((sum, length) => sum + length.inSteps(stepsPerEpoch), 0);
  if (steps <= epochs * stepsPerEpoch) return [];
  const inEpochs = parsed.every((length): length is Epochs => length instanceof Epochs);
  const length = inEpochs
    ? describeLength(new Epochs(parsed.reduce((sum, { count }) => sum + count, 0)))
    : `${steps} steps`;
  const training = inEpochs ? describeLength(new Epochs(epochs)) : `${epochs * stepsPerEpoch} steps`;
  return [`${what} is ${length}, longer than the training of ${training}: ${consequence}`];
}

/** Warns of a point that no step of the training comes to. The arguments are as those of `warnIfLonger`. */
export function warnIfNeverReached(
  what: string,
  point: number | string,
  { epochs, stepsPerEpoch }: PlannedTraining,
  consequence: string,
): string[] {
  const parsed = parseLength(point);
  if (parsed.inSteps(stepsPerEpoch) < epochs * stepsPerEpoch) return [];
  const end =
    parsed instanceof Epochs ? describeLength(new Epochs(epochs)) : `${epochs * stepsPerEpoch} steps`;
  return [`${what} is ${describeLength(parsed)}, where the training of ${end} has ended: ${consequence}`];
}

/**
 * Warns where the network that is kept may be one of an epoch before the method has done what it does.
 *
 * @param what happens until then: `the last mask is chosen (end)`
 * @param lengths one or more in a row, as settings hold them
 */
export function warnIfKeptEarlier(
  what: string,
  lengths: readonly (number | string)[],
  { keepsBest = false, epochs, stepsPerEpoch }: PlannedTraining,
): string[] {
  const steps = lengths.reduce<number>((sum, length) => sum + parseLength(length).inSteps(stepsPerEpoch), 0);
  const first = Math.floor(steps / stepsPerEpoch) + 1;
  if (!keepsBest || first <= 1 || first > epochs) return [];
  return [
    `schedule.keep is best-validation, which may keep an epoch before ${what}, in epoch ${first}: the network would be pruned less than its settings say`,
  ];
}

/** Warns of a share of candidates that no rate of the sweep comes up to. */
export function warnIfNotSwept(targetRate: number, { largestRate }: PlannedTraining): string[] {
  if (targetRate <= largestRate) return [];
  return [
    `targetRate is ${targetRate}, but the largest rate of the sweep is ${largestRate}: pruning of all that the training made ready for it is not shown`,
  ];
}

function describeLength(length: Length): string {
  const unit = length instanceof Epochs ? 'epoch' : 'step';
  return `${length.count} ${unit}${length.count === 1 ? '' : 's'}`;
}
