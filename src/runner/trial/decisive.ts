/** @file By which settings the engine for several runs is chosen. */
import type { RunSettings } from '../../config/schema.ts';
import { runDirectory, runState } from '../../runs/directory.ts';
import type { Precision } from '../../settings/precision.ts';

export function precisionOf(settings: RunSettings | undefined): Precision {
  return settings?.precision ?? 'float32';
}

/**
 * The settings by which the engine for several runs is chosen: every engine computes in float32, so that those of another precision
 * decide, if there are any.
 */
export function decisiveSettings(
  runs: readonly { readonly settings: RunSettings }[],
): RunSettings | undefined {
  return (runs.find((run) => precisionOf(run.settings) !== 'float32') ?? runs[0])?.settings;
}

/** Those of some runs that are not trained yet: an engine need not be able to train the others. */
export function untrained<T extends Parameters<typeof runDirectory>[1]>(
  runs: readonly T[],
  results: string,
): T[] {
  return runs.filter((run) => runState(runDirectory(results, run)) !== 'done');
}

/** The settings by which the engine for evaluations of a run's network is chosen: they are in float32 in any case. */
export function settingsOfEvaluation(settings: RunSettings): RunSettings {
  return { ...settings, precision: 'float32' };
}
