/** @file Settings of a data set as the schema completes them. */
import { runSettingsSchema } from '../../src/config/schema.ts';
import type { DatasetSettings } from '../../src/data/registry.ts';

/** @param given what a user writes under `dataset` */
export function datasetSettings(given: Partial<DatasetSettings>): DatasetSettings {
  return runSettingsSchema.parse({ dataset: given }).dataset;
}
