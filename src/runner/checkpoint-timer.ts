/** @file When a checkpoint within an epoch is due. */

export interface CheckpointTimer {
  isDue(): boolean;
  /** Begins anew: a checkpoint was written. */
  restart(): void;
}

/**
 * Counts from now. A monotonic clock is used: the time of day may be set back.
 *
 * @param minutes between two checkpoints, above 0
 */
export function startCheckpointTimer(minutes: number): CheckpointTimer {
  let began = performance.now();
  return {
    isDue: () => performance.now() - began >= minutes * 60_000,
    restart() {
      began = performance.now();
    },
  };
}
