/** @file What came of the runs that were to be trained, for people and for programs. */
import type { RunSpec } from '../config/experiment.ts';
import { runDirectory } from '../runs/directory.ts';
import { printTable } from './output.ts';
import type { Outcome } from './shown-runs.ts';
import { formatDuration, formatPercent } from './words.ts';

export function printOutcomes(outcomes: readonly Outcome[], results: string): void {
  const rows = outcomes.map(({ run: spec, summary, failure }) => [
    ...namesOf(spec),
    summary === undefined ? describeMissingResult(failure) : formatPercent(summary.testAccuracy),
    summary === undefined ? '' : formatDuration(summary.trainSeconds),
    runDirectory(results, spec),
  ]);
  printTable(['experiment', 'variant', 'seed', 'test accuracy', 'time', 'folder'], rows);
}

/** A run's outcome for programs: `trained`, `failed`, or `busy` if another process trains it. */
export function plainOf({ run: spec, summary, failure, owner }: Outcome, results: string) {
  const { experiment, variant, seed } = spec;
  const state = summary === undefined ? (failure === undefined ? 'busy' : 'failed') : 'trained';
  const { testAccuracy, trainSeconds } = summary ?? {};
  const directory = runDirectory(results, spec);
  return {
    experiment,
    variant,
    seed,
    state,
    testAccuracy,
    trainSeconds,
    reason: failure?.reason,
    owner,
    directory,
  };
}

function describeMissingResult(failure: Outcome['failure']): string {
  return failure === undefined ? 'under way' : 'failed';
}

function namesOf({ experiment, variant, seed }: RunSpec): string[] {
  return [experiment, variant, String(seed)];
}
