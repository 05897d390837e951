/** @file Whether a heartbeat of another machine has ended. Clocks differ and are set, so it is watched whether the heartbeat stands still. */

/**
 * Age in milliseconds at which a heartbeat of another machine counts as the last. Beats stop while a step or a compilation
 * keeps the process busy, which takes seconds, on slow machines perhaps a minute or two.
 */
export const SILENCE_LIMIT = 5 * 60_000;

/** Milliseconds for which a heartbeat that is too old by the clock must stand still, too: two beats would fall into them. */
export const CONFIRMATION_TIME = 30_000;

/** Each heartbeat, by the path of its lock, with the moment when it was first seen as it is. */
const seen = new Map<string, { readonly heartbeat: number; readonly since: number }>();

/**
 * Milliseconds for which this process has seen a heartbeat stand still, by a clock that nobody sets.
 *
 * @param heartbeat as the lock has it now; its unit does not matter
 */
export function watchHeartbeat(path: string, heartbeat: number): number {
  const now = performance.now();
  const known = seen.get(path);
  if (known?.heartbeat === heartbeat) return now - known.since;
  seen.set(path, { heartbeat, since: now });
  return 0;
}

/**
 * Whether a heartbeat has ended.
 *
 * @param isOverdue whether it is too old by this machine's clock
 * @param watched as `watchHeartbeat` says
 */
export function hasEnded(isOverdue: boolean, watched: number): boolean {
  return watched >= (isOverdue ? CONFIRMATION_TIME : SILENCE_LIMIT);
}
