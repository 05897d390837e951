/** @file A training step of LeNet-5 with targeted dropout, on an engine and on the reference engine. */
import type { NamedArrays } from '../../../arrays.ts';
import { createReferenceEngine } from '../../eager/engine.ts';
import type { Engine } from '../../types.ts';
import { lenetArrays, lenetSignature, lenetStep } from './lenet-step.ts';

export interface StepComparison {
  /** Compilation and the first step on the engine under test, in seconds. */
  readonly seconds: number;
  /** Of all numbers that the step returns and changes, relative to the larger of 1 and the reference's. */
  readonly largestDifference: number;
  /** Where it is: `conv1/kernel[17]`. */
  readonly where: string;
  /** The largest change that the step makes to a number of the state. If the engines differed by as much, one might have done nothing. */
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
  const { state, feeds } = lenetArrays();
  const program = await engine.compile(lenetStep, lenetSignature);
  try {
    await program.writeState(state);
    const fetches = await program.run(feeds);
    return { before: state, after: { ...(await program.readState()), ...fetches } };
  } finally {
    program.dispose();
  }
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
