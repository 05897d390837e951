/** @file When a checkpoint within an epoch is due. */

/** Counts from its making. A monotonic clock is used: the time of day may be set back. */
export class CheckpointTimer {
  private began = performance.now();

  /** @param minutes between two checkpoints, above 0; none is ever due if absent */
  constructor(private readonly minutes = Number.POSITIVE_INFINITY) {}

  isDue(): boolean {
    return performance.now() - this.began >= this.minutes * 60_000;
  }

  /** Begins anew: a checkpoint was written. */
  restart(): void {
    this.began = performance.now();
  }
}
