/** @file How much is tried: little, and always the same, in each `npm test`; much, and each time other, in the soak form. */
import { randomInt } from 'node:crypto';
import { isSoak } from '../soak/form.ts';

/** Of the soak form anew at each call of it; printed, so that what fails can be repeated with TD_FUZZ_SEED. */
const SEED = Number(process.env.TD_FUZZ_SEED ?? (isSoak ? randomInt(2 ** 31) : 42));

/** How many inputs are tried in the soak form for each one of the short form. */
export interface Count {
  readonly short: number;
  readonly soak: number;
}

/** For `fc.assert`. A failure is told with the input made as small as a minute allows. */
export function parametersOf(label: string, { short, soak }: Count) {
  const numRuns = isSoak ? soak : short;
  if (isSoak) process.stderr.write(`fuzz: ${label}: ${numRuns} inputs, seed ${SEED}\n`);
  return { numRuns, seed: SEED, interruptAfterTimeLimit: isSoak ? 4 * 3_600_000 : 300_000 } as const;
}
