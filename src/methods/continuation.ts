/** @file Runs that go on from another run of their experiment, their parent, whose network is pruned first. */
import { parseLength } from '../settings/training-time.ts';
import type { AnySettings, Continuation } from './definition.ts';
import { methods } from './registry.ts';

/** Nothing if the run begins with initial weights of its own. */
export function continuationOf(settings: AnySettings): Continuation | undefined {
  return methods.get(settings.name).continues?.(settings);
}

/** Steps behind a run when it takes its first: those of its parent that it does not take again. */
export function firstStepOf(settings: AnySettings, stepsPerEpoch: number): number {
  const schedule = continuationOf(settings)?.schedule;
  return schedule?.kind === 'replay' ? parseLength(schedule.to).inSteps(stepsPerEpoch) : 0;
}
