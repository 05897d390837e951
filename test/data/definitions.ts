/** @file Definitions of data sets as tests use them: loaded from a path, or from where they are by default. */
import type { DatasetDefinition } from '../../src/data/definition.ts';
import type { FileReport } from '../../src/data/files.ts';
import { recordsDataset } from '../../src/data/records/dataset.ts';
import type { RecordStore } from '../../src/data/records/manifest.ts';
import { mnist } from '../../src/data/sets/mnist.ts';
import type { Dataset, DatasetFacts } from '../../src/data/types.ts';

const SILENT = () => ({ update() {}, stop() {} });

export interface OpenDataset {
  load(path?: string): Promise<Dataset>;
  verify(path?: string): Promise<FileReport[]>;
  describe(): DatasetFacts;
}

export function openDataset(definition: DatasetDefinition): OpenDataset {
  const { name, settings } = definition;
  return {
    load: async (path) => definition.load(settings.parse({ name, path }), SILENT),
    verify: async (path) => (await definition.verify?.(path)) ?? [],
    describe: () => definition.describe(),
  };
}

/** The data set of a store that a test made. */
export function recordsOf(store: RecordStore): OpenDataset {
  return openDataset(recordsDataset({ name: store.name, summary: 'made up' }, () => store));
}

export const loadMnist = openDataset(mnist).load;
