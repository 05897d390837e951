/** @file The runs of a results folder in one list, each with the reason why it is not done. */
import { type Condition, conditionOf } from './condition.ts';
import type { FoundRun, LeftOutRun, Survey } from './find.ts';
import { comparePlaces } from './walk.ts';

/** A run that is not done has the condition that keeps it from being so. */
export type ListedRun = (FoundRun & { readonly condition?: Condition }) | LeftOutRun;

/** All runs, ordered naturally by experiment, variant, seed and hash. */
export function listRuns({ runs, leftOut }: Survey): ListedRun[] {
  return [...runs.map(addCondition), ...leftOut].toSorted(comparePlaces);
}

function addCondition(run: FoundRun): ListedRun {
  return run.state === 'done' ? run : { ...run, condition: conditionOf(run.directory) };
}
