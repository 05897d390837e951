/** @file Whether a training can go on from a snapshot. */
import { UserError } from '../errors.ts';
import type { TrainingSnapshot } from './events.ts';
import type { Training } from './types.ts';

/**
 * Refuses a snapshot of another training. Settings pin a training, but not its images if they lie in a folder of the
 * user's, nor the version of this program.
 *
 * @throws UserError if the snapshot's step or arrays are not of this training
 */
export function requireResumable(
  { epoch, step, specs }: TrainingSnapshot,
  { signature, stepsPerEpoch }: Training,
): void {
  if (step < epoch * stepsPerEpoch || step > (epoch + 1) * stepsPerEpoch) {
    throw new UserError(
      `the checkpoint is of step ${step} within epoch ${epoch + 1}, but an epoch has ${stepsPerEpoch} steps now; ` +
        'bring the images back that the run began with, or remove its folder to train it again',
    );
  }
  const expected = signature.state;
  const names = [...new Set([...Object.keys(expected), ...Object.keys(specs)])];
  const other = names.find((name) => String(specs[name]?.shape) !== String(expected[name]?.shape));
  if (other === undefined) return;
  throw new UserError(
    `the checkpoint's array "${other}" is not as this version of td needs it; remove the run's folder to train it again`,
  );
}
