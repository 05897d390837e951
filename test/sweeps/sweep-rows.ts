/** @file Rows of a sweep, and the settings of the runs that they are of. */
import type { z } from 'zod';
import { hashOf } from '../../src/config/identity.ts';
import { type RunSettings, runSettingsSchema } from '../../src/config/schema.ts';
import { DENSE, type SweepRow } from '../../src/sweeps/rows.ts';

type Granularity = SweepRow['granularity'];
/** Settings of a run as a file has them. */
type Given = z.input<typeof runSettingsSchema>;

/** Collects rows with the hashes of their settings. */
export class SweepRows {
  readonly rows: SweepRow[] = [];
  readonly settings = new Map<string, RunSettings>();

  constructor(private readonly base: Given = {}) {}

  /** @param accuracies by prune rate; several are those of seeds 0, 1, … */
  add(
    variant: string,
    regularizer: Given['regularizer'],
    accuracies: Readonly<Record<string, number | readonly number[]>>,
    granularities: readonly Granularity[] = ['weight'],
  ): this {
    return this.addSettings(variant, sweptSettings({ ...this.base, regularizer }), accuracies, granularities);
  }

  addSettings(
    variant: string,
    settings: RunSettings,
    accuracies: Readonly<Record<string, number | readonly number[]>>,
    granularities: readonly Granularity[] = ['weight'],
  ): this {
    const hash = hashOf(settings).slice(0, 8);
    this.settings.set(hash, settings);
    for (const granularity of granularities) {
      for (const [rate, values] of Object.entries(accuracies)) {
        for (const [seed, accuracy] of [values].flat().entries()) {
          this.rows.push(rowOf(variant, hash, granularity, Number(rate), seed, accuracy));
        }
      }
    }
    return this;
  }
}

export function sweptSettings(given: Given): RunSettings {
  return runSettingsSchema.parse(given);
}

function rowOf(
  variant: string,
  hash: string,
  granularity: Granularity,
  pruneRate: number,
  seed: number,
  accuracy: number,
): SweepRow {
  return {
    experiment: 'few',
    variant,
    seed,
    granularity,
    pruneRate,
    sparsity: pruneRate,
    parametersTotal: 1000,
    parametersKept: 100,
    ...DENSE,
    accuracy,
    loss: 0.1,
    testImages: 10_000,
    runId: `${variant}/seed-${seed}-${hash}@5e6f7a8b`,
  };
}
