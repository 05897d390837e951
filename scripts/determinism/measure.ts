/** @file How far apart two short trainings of one run end: by engine, threads or kernels. */
import type { ArrayData, NamedArrays } from '../../src/arrays.ts';
import type { RunSettings } from '../../src/config/schema.ts';
import type { Dataset } from '../../src/data/types.ts';
import type { Engine } from '../../src/engines/types.ts';
import type { EpochEvent } from '../../src/training/events.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import { train } from '../../src/training/train.ts';

/** Where a training ended. */
export interface Outcome {
  /** All of it: weights, moments of the optimizer, averages. */
  readonly state: NamedArrays;
  readonly steps: number;
  /** Mean over the last epoch, nats. */
  readonly trainLoss: number;
  /** Share of the test images, 0 to 1. */
  readonly testAccuracy: number;
}

export interface Distance {
  /** Of the states, each taken as one long vector, as a share of the length of the first: 0 if and only if they are equal. */
  readonly state: number;
  /** Of the training loss, as a share of it. */
  readonly loss: number;
  /** Of the test accuracy, 0 to 1. */
  readonly accuracy: number;
}

/** Trains a run with seed 0 to its end and writes nothing. */
export async function trainBriefly(
  engine: Engine,
  settings: RunSettings,
  dataset: Dataset,
): Promise<Outcome> {
  const training = await prepareTraining({ settings, seed: 0 }, dataset);
  let last: EpochEvent | undefined;
  for await (const event of train(training, { engine })) if (event.kind === 'epoch') last = event;
  if (last === undefined) throw new Error('expected at least one epoch');
  return {
    state: last.state,
    steps: last.step,
    trainLoss: last.means.loss,
    testAccuracy: last.test.accuracy,
  };
}

/** How far two trainings of the same run ended from one another. */
export function distanceBetween(one: Outcome, other: Outcome): Distance {
  const lengths = Object.entries(one.state).map(([name, values]) =>
    squaresOf(values, other.state[name] ?? new Float32Array()),
  );
  const sum = (key: 'difference' | 'value') => lengths.reduce((total, squares) => total + squares[key], 0);
  return {
    state: Math.sqrt(sum('difference') / sum('value')),
    loss: Math.abs(one.trainLoss - other.trainLoss) / Math.abs(one.trainLoss),
    accuracy: Math.abs(one.testAccuracy - other.testAccuracy),
  };
}

/** Sums of squares: of what differs, and of the first array. */
function squaresOf(values: ArrayData, others: ArrayData): { difference: number; value: number } {
  const squares = { difference: 0, value: 0 };
  for (const [index, value] of values.entries()) {
    squares.difference += (value - (others[index] ?? Number.NaN)) ** 2;
    squares.value += value ** 2;
  }
  return squares;
}
