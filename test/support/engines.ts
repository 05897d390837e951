/** @file Compiles and runs small steps on an engine, with data that is described and not listed. */
import type { NamedArrays } from '../../src/arrays.ts';
import type { Signature, StepFunction } from '../../src/compiler/step.ts';
import type { Engine } from '../../src/engines/types.ts';

/** Compiles a step, runs it once with the given state and feeds, and disposes the program. */
export async function runOnce(
  engine: Engine,
  step: StepFunction,
  signature: Signature,
  { state = {}, feeds = {} }: { state?: NamedArrays; feeds?: NamedArrays },
): Promise<{ state: NamedArrays; fetches: NamedArrays }> {
  const program = await engine.compile(step, signature);
  try {
    await program.writeState(state);
    const fetches = await program.run(feeds);
    return { state: await program.readState(), fetches };
  } finally {
    program.dispose();
  }
}

/**
 * The largest difference between arrays of the same names, each relative to the larger of 1 and the expected number.
 * A difference in sign of infinity, or a number where NaN was expected, counts as infinite.
 *
 * @throws Error if the names or lengths differ
 */
export function largestDifference(
  actual: NamedArrays,
  expected: NamedArrays,
): { difference: number; where: string } {
  const names = Object.keys(expected).sort();
  if (Object.keys(actual).sort().join() !== names.join()) {
    throw new Error(`got ${Object.keys(actual).sort()} where ${names} were expected`);
  }
  let largest = { difference: 0, where: 'nowhere' };
  for (const name of names) {
    const [a, b] = [actual[name], expected[name]];
    if (a === undefined || b === undefined || a.length !== b.length) {
      throw new Error(`"${name}" has ${a?.length} numbers where ${b?.length} were expected`);
    }
    b.forEach((wanted, index) => {
      const difference = differenceOf(a[index] ?? Number.NaN, wanted);
      if (difference > largest.difference) largest = { difference, where: `${name}[${index}]` };
    });
  }
  return largest;
}

function differenceOf(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  const difference = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
  return Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY;
}
