/** @file What the settings of a run change. */
import { describe, expect, it } from 'vitest';
import { differencesFromDefaults } from '../../src/config/differences.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';

describe('differencesFromDefaults', () => {
  it('finds nothing in the defaults', () => {
    expect(differencesFromDefaults(runSettingsSchema.parse({}))).toEqual([]);
  });

  it('lists what differs beside what would hold without it', () => {
    const settings = runSettingsSchema.parse({
      dataset: { trainImages: 512 },
      model: { name: 'mlp', widths: [16, 8] },
      regularizer: { name: 'targeted', granularity: 'unit', dropRate: 0.5 },
      schedule: { epochs: 3, decay: { name: 'cosine' }, optimizer: { name: 'momentum', momentum: 0.9 } },
    });
    expect(differencesFromDefaults(settings)).toEqual([
      { path: 'dataset.trainImages', value: 512 },
      { path: 'model.widths', value: [16, 8], default: [300, 100] },
      { path: 'regularizer.name', value: 'targeted', default: 'none' },
      { path: 'regularizer.granularity', value: 'unit' },
      { path: 'regularizer.dropRate', value: 0.5, default: 0.66 },
      { path: 'schedule.decay.name', value: 'cosine', default: 'constant' },
      { path: 'schedule.epochs', value: 3, default: 10 },
    ]);
  });
});
