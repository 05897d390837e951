/** @file What goes wrong on a device that computes: the run fails, and can go on from its last checkpoint. */
import { toOneLine } from '../errors.ts';

/** One sentence for the user; nobody's mistake, and no bug whose stack would help. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';

  constructor(message: string) {
    super(toOneLine(message));
  }
}
