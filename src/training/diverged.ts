/** @file The one way in which a training itself can fail. */

/** The training went wrong, not the program: a loss or a gradient is no longer a finite number. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}
