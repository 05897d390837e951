/** @file Where runs stand: missing, done, under way, failed, cut off or damaged. */
import type { RunSpec } from '../config/experiment.ts';
import type { CheckpointRecord } from '../runs/checkpoint.ts';
import { conditionOf } from '../runs/condition.ts';
import { runDirectory, runState } from '../runs/directory.ts';
import { isLeftOut, lookAtRun } from '../runs/find.ts';

/** Where a run stands. Nothing of a missing one is there. */
export type RunStanding =
  | { readonly kind: 'missing' | 'done' | 'cut off' }
  /** The process that trains it, in words. */
  | { readonly kind: 'under way'; readonly owner: string }
  /** What went wrong; of a damaged one, also what to do. */
  | { readonly kind: 'failed' | 'damaged'; readonly reason: string };

export interface PlannedRun {
  readonly run: RunSpec;
  readonly directory: string;
  readonly standing: RunStanding;
  /** Where it would go on. */
  readonly checkpoint: CheckpointRecord | undefined;
}

export function planRun(run: RunSpec, results: string): PlannedRun {
  const directory = runDirectory(results, run);
  const state = runState(directory);
  if (state === 'new') return { run, directory, standing: { kind: 'missing' }, checkpoint: undefined };
  const found = lookAtRun({ identity: run, directory });
  if (typeof found === 'string' || isLeftOut(found)) {
    const reason = typeof found === 'string' ? `${found} cannot be read` : found.reason;
    return { run, directory, standing: { kind: 'damaged', reason }, checkpoint: undefined };
  }
  if (found.state === 'done') return { run, directory, standing: { kind: 'done' }, checkpoint: undefined };
  const condition = conditionOf(directory);
  const standing = condition.kind === 'unfinished' ? { kind: 'cut off' as const } : condition;
  return { run, directory, standing, checkpoint: found.checkpoint };
}

/** Whether a run is still to be trained, by whomever. */
export function isLeft({ standing }: PlannedRun): boolean {
  return standing.kind !== 'done' && standing.kind !== 'damaged';
}
