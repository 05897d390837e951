/** @file How an installation can fail after everything that it needs was found. */
import { UserError } from '../../../errors.ts';

/** A download, a build or the self-test went wrong; what was there before is untouched. Its message is one sentence. */
export class InstallationError extends Error {
  override readonly name = 'InstallationError';
}

/** What programs say when a disk is full: Python by its number of the error. */
export function tellsFullDisk(text: string): boolean {
  return /No space left on device|\[Errno 28\]/.test(text);
}

export function fullDisk(folder: string): UserError {
  return new UserError(
    `the disk of ${folder} is full; the environment variable TD_CACHE puts td's cache elsewhere`,
  );
}
