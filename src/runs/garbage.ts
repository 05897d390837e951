/** @file What may be removed from a results folder, and what that would cost. */
import { lstatSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RunSpec } from '../config/experiment.ts';
import { isTemporaryFile } from '../files/atomic.ts';
import { tryLock } from '../locks/lock.ts';
import { RUN_FILES } from './directory.ts';
import type { FinishedRun, Survey } from './find.ts';
import { keyOfRun, type NeededRuns } from './needed.ts';
import { SET_ASIDE } from './recovery.ts';

/**
 * `leftovers`: what killed processes and mended damages left. `orphans`: runs that the experiment's file has no more. `checkpoints`:
 * the weights of runs that are done, without which they cannot be swept or exported again; not of those that other runs still need.
 */
export const GARBAGE_KINDS = ['leftovers', 'orphans', 'checkpoints'] as const;
export type GarbageKind = (typeof GARBAGE_KINDS)[number];

export interface Garbage {
  readonly kind: GarbageKind;
  readonly path: string;
  readonly bytes: number;
  /** Why it can go, in a phrase. */
  readonly reason: string;
}

/** Files beside a run's own that nobody reads any more. A lock file is its owner's, and never garbage. */
function isLeftover(name: string, isDone: boolean): boolean {
  const previous: readonly string[] = [RUN_FILES.previousCheckpoint, RUN_FILES.previousTensors];
  return (
    isTemporaryFile(name) ||
    name.includes(SET_ASIDE) ||
    (isDone && (previous.includes(name) || name.endsWith('.next')))
  );
}

/**
 * Lists what may go.
 *
 * @param expected runs of the experiments' files, by experiment; of others no run is an orphan
 * @param needed runs whose weights others need
 */
export function findGarbage(
  { runs, leftOut }: Survey,
  expected: ReadonlyMap<string, readonly RunSpec[]>,
  needed: NeededRuns,
): Garbage[] {
  return [...runs, ...leftOut].flatMap((run): Garbage[] => {
    const { directory, identity } = run;
    const known = expected.get(identity.experiment);
    const isOrphan =
      known !== undefined && !known.some(({ id }) => id === run.id) && !isSeedOfVariant(run.id, known);
    if (isOrphan) {
      const reason = 'the experiment has no such variant or settings any more';
      return [{ kind: 'orphans', path: directory, bytes: bytesOf(directory), reason }];
    }
    const isDone = run.state === 'done';
    const leftovers = readdirSync(directory)
      .filter((name) => isLeftover(name, isDone))
      .map((name): Garbage => {
        const path = join(directory, name);
        return { kind: 'leftovers', path, bytes: lstatSync(path).size, reason: 'no process reads it' };
      });
    const isNeeded = needed.has(keyOfRun({ ...identity, id: run.id }));
    return [...leftovers, ...(isDone && !isNeeded ? listCheckpoints(run) : [])];
  });
}

/** Another seed of a variant with the settings that it has: asked for by `--seeds`. */
function isSeedOfVariant(id: string, known: readonly RunSpec[]): boolean {
  const withoutSeed = (name: string): string => name.replace(/\/seed-\d+-/, '/');
  return known.some((spec) => withoutSeed(spec.id) === withoutSeed(id));
}

function listCheckpoints({ directory }: FinishedRun): Garbage[] {
  return readdirSync(directory)
    .filter((name) => name === RUN_FILES.tensors || /^best-epoch-\d+\.safetensors$/.test(name))
    .map((name) => {
      const path = join(directory, name);
      const reason = 'the run is done; it could not be swept or exported again';
      return { kind: 'checkpoints', path, bytes: statSync(path).size, reason };
    });
}

function bytesOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + lstatSync(join(parentPath, name)).size, 0);
}

/**
 * Removes one thing, holding the lock of its run.
 *
 * @returns who works on the run, if somebody does; then nothing is removed
 */
export function removeGarbage({ kind, path }: Garbage): string | undefined {
  const run = kind === 'orphans' ? path : dirname(path);
  const lock = tryLock(join(run, RUN_FILES.lock));
  if (!('release' in lock)) return lock.owner;
  try {
    if (basename(path) === RUN_FILES.lock) return undefined;
    rmSync(path, { recursive: kind === 'orphans', force: true });
    return undefined;
  } finally {
    lock.release();
  }
}
