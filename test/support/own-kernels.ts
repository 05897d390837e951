/** @file What tests of td's own kernels for TensorFlow share: processes of their own, and how far results are off. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Why there are none. */
export const NO_OWN_KERNELS =
  "no AVX2, or an installation without td's kernels (td engines install tensorflow --force)";

/**
 * What a script of test/engines/tensorflow prints, in a process of its own: a library is loaded once.
 *
 * @param lanes what TD_LANES says, if anything
 */
export function computeElsewhere<T>(script: string, threads: number, lanes?: number): T {
  const path = join(import.meta.dirname, '../engines/tensorflow', script);
  const env = { ...process.env, ...(lanes !== undefined && { TD_LANES: String(lanes) }) };
  const parameters = ['--import', 'tsx', path, String(threads)];
  return JSON.parse(execFileSync(process.execPath, parameters, { env, encoding: 'utf8' })) as T;
}

/** Largest difference of any array, each in units of its largest number; infinite where a number is NaN. */
export function largestError(
  expected: Readonly<Record<string, Float32Array | Float64Array>>,
  actual: Readonly<Record<string, ArrayLike<number>>>,
): number {
  const errors = Object.entries(expected).map(([name, wanted]) => {
    const found = actual[name];
    if (found?.length !== wanted.length) throw new Error(`${name} has ${found?.length} numbers`);
    let [largest, difference] = [0, 0];
    wanted.forEach((number, place) => {
      largest = Math.max(largest, Math.abs(number));
      const off = Math.abs(number - (found[place] as number));
      difference = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(difference, off);
    });
    return difference / largest;
  });
  return Math.max(...errors);
}
