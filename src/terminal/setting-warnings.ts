/** @file Prints, once for each variant, what its settings ask for that its training or its sweep does not give. */
import type { RunSettings } from '../config/schema.ts';
import { warningsOf } from '../training/warnings.ts';
import { printLine } from './progress.ts';

export interface PlannedVariant {
  readonly experiment: string;
  readonly variant: string;
  readonly settings: RunSettings;
  /** Nothing is said of a training of which it is not known. */
  readonly stepsPerEpoch: number | undefined;
  /** Rates of the sweep. */
  readonly pruneRates: readonly number[];
}

export function printSettingWarnings(variants: readonly PlannedVariant[]): void {
  const lines = variants.flatMap(({ experiment, variant, settings, stepsPerEpoch, pruneRates }) => {
    if (stepsPerEpoch === undefined) return [];
    const { epochs } = settings.schedule;
    const planned = { epochs, stepsPerEpoch, largestRate: Math.max(...pruneRates) };
    return warningsOf(settings, planned).map((text) => `warning: ${experiment}, ${variant}: ${text}`);
  });
  for (const line of new Set(lines)) printLine(line);
}
