/** @file What can be wrong with a run's folder, and what its owner can do about it. */
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
}

/** A fault in one sentence that says what to do. */
export function describeFault({ problem, mends, remedy = TRAIN_AGAIN }: RunFault): string {
  return mends === undefined
    ? `${problem}; ${remedy}`
    : `${problem}; "td run" makes the file anew if the others tell what stood there; if not, ${TRAIN_AGAIN}`;
}
