/** @file What can be wrong with a run's folder, and what its owner can do about it. */
import { DamageError, UserError } from '../errors.ts';
import { TRAIN_AGAIN } from './directory.ts';

/** Files that can be made anew from the others. */
export type MendableFile = 'config' | 'environment' | 'metrics' | 'summary';

export interface RunFault {
  /** A clause that says what is wrong, and where. */
  readonly problem: string;
  /** The file that is to be made anew. */
  readonly mends?: MendableFile;
  /** What to do where nothing can be made anew: a clause. */
  readonly remedy?: string;
  /** Nothing is wrong: only a plugin, which the problem says, can tell what the settings mean. */
  readonly lacksPlugin?: boolean;
}

/** A fault in one sentence that says what to do. */
export function describeFault({ problem, mends, remedy = TRAIN_AGAIN, lacksPlugin }: RunFault): string {
  if (lacksPlugin) return problem;
  return mends === undefined
    ? `${problem}; ${remedy}`
    : `${problem}; "td run" makes the file anew if the others tell what stood there; if not, ${TRAIN_AGAIN}`;
}

/**
 * Reads a file of a run that nothing makes anew.
 *
 * @throws DamageError for what is wrong with it: the sentence says what to do
 */
export function requireWhole<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof DamageError) throw error;
    throw new DamageError(`${error.message}; ${TRAIN_AGAIN}`);
  }
}
