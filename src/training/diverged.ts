/** @file The one way in which a training itself can fail. */

/** The training went wrong, not the program: a loss or a gradient is no longer a finite number. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/**
 * @param what `the loss at step 3`
 * @throws DivergedError if the number is not finite
 */
export function requireFinite(number: number, what: string): void {
  if (Number.isFinite(number)) return;
  throw new DivergedError(
    `${what} is ${number}; a lower schedule.learningRate or a schedule.gradientClip may help`,
  );
}
