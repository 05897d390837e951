/** @file The directory of a run while this process holds its lock: nothing is written there without it. */
import { UserError } from '../errors.ts';
import type { Lock } from '../locks/lock.ts';

export class HeldDirectory {
  constructor(
    readonly path: string,
    private readonly lock: Lock,
  ) {}

  /** @throws UserError if the directory was removed, or another process has taken the run over */
  requireHeld(): void {
    this.lock.requireHeld();
  }

  /**
   * Writes something.
   *
   * @throws UserError as `requireHeld`
   */
  write(work: () => void): void {
    this.requireHeld();
    work();
  }

  /**
   * The directory may be taken away at any moment, also between a look at the lock and a write, or while files are read: then
   * an error names a file that is missing.
   *
   * @returns the loss of the lock, if it is lost and that may be why; else the error itself
   */
  explain(error: unknown): unknown {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && !(error instanceof UserError)) return error;
    try {
      this.requireHeld();
      return error;
    } catch (loss) {
      return loss;
    }
  }
}
