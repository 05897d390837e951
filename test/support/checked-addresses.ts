/** @file Programs of td's kernels that are built with the compiler's checks of addresses. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Numbers in a vector, and the compiler's flags for the instructions. */
const INSTRUCTION_SETS = [
  { lanes: 8, instructions: ['-mavx2', '-mfma'] },
  { lanes: 16, instructions: ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mfma'] },
] as const;
type InstructionSet = (typeof INSTRUCTION_SETS)[number];

/**
 * A test for each set of instructions that the processor has.
 *
 * @param lanes numbers in the longest vectors of the processor
 * @param most error that a source of test/engines/tensorflow may find
 */
export function itChecksAddresses(title: string, source: string, lanes: number, most: number): void {
  const sets = INSTRUCTION_SETS.filter((set) => set.lanes <= lanes);
  it.for(sets)(`${title}, with vectors of $lanes`, (set, { skip }) => {
    const error = run(source, set);
    if (error === undefined) return skip('the compiler has no checks of addresses');
    expect(error).toBeLessThan(most);
  });
}

/**
 * Builds and runs a source of test/engines/tensorflow.
 *
 * @returns the number that it prints; undefined if the compiler has no such checks
 * @throws Error if the compiler has something to say, or the program ends with an error, as where memory is read that is not its own
 */
function run(name: string, { lanes, instructions }: InstructionSet): number | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'td-addresses-'));
  try {
    const program = join(folder, 'program');
    const source = join(import.meta.dirname, '../engines/tensorflow', name);
    const include = join(import.meta.dirname, '../../src/engines/tensorflow/native');
    const checks = ['-fsanitize=address', '-fno-omit-frame-pointer'];
    const flags = ['-std=c++17', '-O1', '-w', ...checks, ...instructions, `-DLANES=${lanes}`, '-I', include];
    const parameters = [...flags, source, '-o', program];
    const { stderr } = spawnSync(process.env.CXX ?? 'c++', parameters, { encoding: 'utf8' });
    if (/asan/.test(stderr)) return undefined;
    if (stderr !== '') throw new Error(stderr);
    return Number(execFileSync(program, { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
