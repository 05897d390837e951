/** @file Finding where a run that was cut off goes on: its last checkpoint that is whole. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { renameDurably } from '../files/atomic.ts';
import {
  type Checkpoint,
  type FoundCheckpoint,
  readRecorded,
  settleCheckpoint,
  WAITING_TENSORS,
} from './checkpoint.ts';
import { RUN_FILES } from './directory.ts';

/** The ending that a file's name gets when the file is set aside. */
export const SET_ASIDE = '.damaged';

/**
 * Finds the last checkpoint that is whole, and puts its files where the next one expects them. A damaged one is set aside
 * for whoever wants to look at it. The caller must hold the run's lock.
 *
 * @param warn called with a sentence for each damaged checkpoint, and one that says what is used instead
 * @returns nothing if training has to begin anew
 */
export function recoverCheckpoint(
  directory: string,
  warn: (sentence: string) => void,
): Checkpoint | undefined {
  const current = inspect(directory, RUN_FILES.checkpoint);
  if (typeof current === 'object') {
    tidy(directory, current);
    return current.checkpoint;
  }
  const previous = inspect(directory, RUN_FILES.previousCheckpoint);
  if (current === undefined && previous === undefined && !existsSync(join(directory, RUN_FILES.tensors)))
    return undefined;
  const problem = current ?? `${join(directory, RUN_FILES.checkpoint)} is missing`;
  if (typeof previous === 'object') {
    const moved = promote(directory, previous);
    warn(`${problem}${describeMove(moved)}`);
    const { epoch, step } = previous.checkpoint;
    warn(`going on from the checkpoint before it, at step ${step} (epoch ${epoch} done)`);
    return previous.checkpoint;
  }
  const older = setAside(directory, Object.values(PREVIOUS_FILES));
  const moved = setAside(directory, Object.values(CURRENT_FILES));
  warn(`${problem}${describeMove(moved)}`);
  if (previous !== undefined) warn(`${previous}${older.length > 0 ? '; set aside as well' : ''}`);
  warn('training begins anew');
  return undefined;
}

/** The end of a sentence that tells of a damage: what became of the files. */
function describeMove(moved: readonly string[]): string {
  return moved.length > 0 ? `; set aside as *${SET_ASIDE}` : '';
}

const CURRENT_FILES = { record: RUN_FILES.checkpoint, tensors: RUN_FILES.tensors } as const;
const PREVIOUS_FILES = { record: RUN_FILES.previousCheckpoint, tensors: RUN_FILES.previousTensors } as const;

/** @returns the checkpoint of a record; what is wrong if it is damaged; nothing if there is no such record */
function inspect(directory: string, record: string): FoundCheckpoint | string | undefined {
  try {
    return readRecorded(directory, record);
  } catch (error) {
    if (error instanceof UserError) return error.message.replace(/; remove the folder .*/, '');
    // A bad sector of the disk.
    if ((error as NodeJS.ErrnoException).code === 'EIO') return (error as Error).message;
    throw error;
  }
}

/** Completes a checkpoint whose writing was cut off after it took over, or forgets one that had not yet. */
function tidy(directory: string, { tensors }: FoundCheckpoint): void {
  if (tensors === WAITING_TENSORS) settleCheckpoint(directory);
  else rmSync(join(directory, WAITING_TENSORS), { force: true });
}

/** @returns the damaged files that were set aside */
function promote(directory: string, { tensors }: FoundCheckpoint): readonly string[] {
  const kept = tensors === RUN_FILES.tensors ? [CURRENT_FILES.record] : Object.values(CURRENT_FILES);
  const moved = setAside(directory, kept);
  if (tensors !== RUN_FILES.tensors) {
    renameSync(join(directory, tensors), join(directory, RUN_FILES.tensors));
  }
  renameDurably(join(directory, RUN_FILES.previousCheckpoint), join(directory, RUN_FILES.checkpoint));
  rmSync(join(directory, WAITING_TENSORS), { force: true });
  return moved;
}

/** Gives damaged files another name, for whoever wants to look at them; those that are not there are left out. @returns those that were */
export function setAside(directory: string, names: readonly string[]): readonly string[] {
  const present = names.filter((name) => existsSync(join(directory, name)));
  for (const name of present) renameDurably(join(directory, name), join(directory, `${name}${SET_ASIDE}`));
  return present;
}
