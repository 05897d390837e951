/** @file Prints, once for each variant, what its settings ask for that its training or its sweep does not give. */
import type { RunSpec } from '../config/experiment.ts';
import { warningsOf } from '../training/warnings.ts';
import { printLine } from './progress.ts';

export interface PlannedVariant extends Pick<RunSpec, 'experiment' | 'variant' | 'settings' | 'parent'> {
  /** Nothing is said of a training of which it is not known. */
  readonly stepsPerEpoch: number | undefined;
  /** Rates of the sweep. */
  readonly pruneRates: readonly number[];
}

export function printSettingWarnings(variants: readonly PlannedVariant[]): void {
  const lines = variants.flatMap((planned) => {
    const { experiment, variant, settings, stepsPerEpoch, pruneRates } = planned;
    if (stepsPerEpoch === undefined) return [];
    const { epochs } = settings.schedule;
    const training = { epochs, stepsPerEpoch, largestRate: Math.max(...pruneRates) };
    return warningsOf(planned, training).map((text) => `warning: ${experiment}, ${variant}: ${text}`);
  });
  for (const line of new Set(lines)) printLine(line);
}
