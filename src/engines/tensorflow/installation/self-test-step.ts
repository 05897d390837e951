/** @file One training step of LeNet-5 with targeted dropout, on an engine and on the reference engine. */
import { runSettingsSchema } from '../../../config/schema.ts';
import type { Dataset, Split } from '../../../data/types.ts';
import { fillUniform } from '../../../random/streams.ts';
import { initialState } from '../../../training/initial-state.ts';
import { TrainingProgram } from '../../../training/program.ts';
import { prepareTraining } from '../../../training/setup.ts';
import { createReferenceEngine } from '../../eager/engine.ts';
import type { Engine, NamedArrays } from '../../types.ts';

const IMAGE_SHAPE = [28, 28, 1] as const;
const CLASSES = 10;
/** The reference engine takes a tenth of a second for each image. */
const BATCH_SIZE = 2;
const SEED = 1;

export interface StepComparison {
  /** Compilation and the first step on the engine under test, in seconds. */
  readonly seconds: number;
  /** Of all numbers that the step returns and changes, relative to the larger of 1 and the reference's. */
  readonly largestDifference: number;
  /** Where it is: `conv1/kernel[17]`. */
  readonly where: string;
  /** How far the step itself moves the state, at most: a difference as large as that says that nothing was computed. */
  readonly largestChange: number;
}

/** Runs the step on both engines, from the same state, with the same batch and the same dropped weights. */
export async function compareStep(createEngine: () => Promise<Engine>): Promise<StepComparison> {
  const reference = await runStep(await createReferenceEngine());
  const began = performance.now();
  const tested = await runStep(await createEngine());
  const seconds = (performance.now() - began) / 1000;
  const { difference, where } = largestDifference(tested.after, reference.after);
  const change = largestDifference(reference.after, { ...reference.after, ...reference.before }).difference;
  return { seconds, largestDifference: difference, where, largestChange: change };
}

async function runStep(engine: Engine): Promise<{ before: NamedArrays; after: NamedArrays }> {
  const settings = runSettingsSchema.parse({
    model: { name: 'lenet' },
    regularizer: { name: 'targeted', granularity: 'weight' },
    schedule: { batchSize: BATCH_SIZE, learningRate: 0.1 },
  });
  const training = await prepareTraining({ settings, seed: SEED }, randomDataset());
  const before = initialState(training);
  const program = await TrainingProgram.compile(engine, training, before);
  try {
    const fetches = await program.run(0);
    return { before, after: { ...(await program.readState()), ...fetches } };
  } finally {
    program.dispose();
  }
}

function randomDataset(): Dataset {
  const draws = new Float32Array(BATCH_SIZE * IMAGE_SHAPE[0] * IMAGE_SHAPE[1]);
  fillUniform({ seed: SEED, purpose: 'self-test', index: 0 }, draws);
  const split: Split = {
    count: BATCH_SIZE,
    images: Uint8Array.from(draws, (value) => 256 * value),
    labels: Uint8Array.from({ length: BATCH_SIZE }, (_, index) => (3 * index) % CLASSES),
  };
  return { name: 'random', imageShape: IMAGE_SHAPE, classes: CLASSES, train: split, test: split };
}

/** Infinite where a name or a number is missing, or a number is none. */
function largestDifference(
  actual: NamedArrays,
  expected: NamedArrays,
): { difference: number; where: string } {
  let largest = { difference: 0, where: 'nowhere' };
  for (const [name, wanted] of Object.entries(expected)) {
    wanted.forEach((value, index) => {
      const distance = Math.abs((actual[name]?.[index] ?? Number.NaN) - value) / Math.max(1, Math.abs(value));
      const difference = Number.isFinite(distance) ? distance : Number.POSITIVE_INFINITY;
      if (difference > largest.difference) largest = { difference, where: `${name}[${index}]` };
    });
  }
  return largest;
}
