/** @file Real MNIST in small, and settings that train on it in a fraction of a second. */
import type { z } from 'zod';
import type { RunSpec } from '../../src/config/experiment.ts';
import { hashOf } from '../../src/config/identity.ts';
import { type RunSettings, runSettingsSchema } from '../../src/config/schema.ts';
import { loadDataset } from '../../src/data/load.ts';
import type { Dataset } from '../../src/data/types.ts';

export type SettingsInput = z.input<typeof runSettingsSchema>;

/** The first images of MNIST. */
export function loadSmallMnist(trainImages: number, testImages: number): Promise<Dataset> {
  return loadDataset(smallSettings({ dataset: { trainImages, testImages } }).dataset);
}

/** An MLP of 24 and 12 units in batches of 64, unless told otherwise. */
export function smallSettings({ schedule, ...settings }: SettingsInput = {}): RunSettings {
  return runSettingsSchema.parse({
    model: { name: 'mlp', widths: [24, 12] },
    ...settings,
    schedule: { learningRate: 0.1, batchSize: 64, epochs: 3, ...schedule },
  });
}

/** A run as an experiment file with these settings would describe it. */
export function runOf(settings: RunSettings, seed: number): RunSpec {
  const hash = hashOf(settings);
  const variant = settings.regularizer.name;
  return {
    experiment: 'test',
    variant,
    seed,
    settings,
    hash,
    id: `${variant}/seed-${seed}-${hash.slice(0, 8)}`,
  };
}
