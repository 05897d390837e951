/** @file The programs of Slurm. */
import { spawnSync } from 'node:child_process';
import { UserError } from '../../errors.ts';

/** More than squeue prints of the jobs of one user. */
const MOST_OUTPUT = 2 ** 27;

/** Milliseconds. A controller that is down answers after a minute or two. */
const PATIENCE = 5 * 60_000;

/**
 * Runs a program of Slurm.
 *
 * @returns its standard output; nothing if it is not installed
 * @throws UserError with what it said if it failed
 */
export function runSlurm(program: string, parameters: readonly string[]): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(program, parameters, {
    encoding: 'utf8',
    maxBuffer: MOST_OUTPUT,
    timeout: PATIENCE,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return undefined;
  if (status === 0) return stdout;
  const reason = stderr?.trim() || error?.message || `exit code ${status}`;
  throw new UserError(`${program} failed: ${reason}`);
}

/** @throws UserError if it is not installed, or failed */
export function requireSlurm(program: string, parameters: readonly string[]): string {
  const output = runSlurm(program, parameters);
  if (output !== undefined) return output;
  throw new UserError(
    `${program} is not there, expected a machine from which Slurm's jobs are submitted; --dry-run prints the script`,
  );
}

/** What Slurm takes if nothing else is set. */
export const DEFAULT_ARRAY_SIZE = 1001;

/** Tasks of arrays have lower numbers than this. */
export function findMaxArraySize(): number {
  const config = runSlurm('scontrol', ['show', 'config']) ?? '';
  const [size] = /(?<=^MaxArraySize\s*=\s*)\d+/m.exec(config) ?? [];
  return Math.max(1, Number(size ?? DEFAULT_ARRAY_SIZE));
}
