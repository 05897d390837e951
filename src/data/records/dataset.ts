/** @file Data sets in the binary format of CIFAR, with manifests of td's own. */
import { defineDataset } from '../definition.ts';
import { datasetFolder } from '../place.ts';
import { plainSettings } from '../settings.ts';
import type { DatasetFacts } from '../types.ts';
import { isCached, type RecordStore, readRecordManifest } from './manifest.ts';

/**
 * A data set with a manifest `datasets/<name>.yaml` of this kind.
 *
 * @param open reads the manifest, when it is needed
 */
export function recordsDataset<const Name extends string>(
  about: { readonly name: Name; readonly summary: string },
  open = () => openStore(about.name),
) {
  return defineDataset({
    ...about,
    settings: plainSettings(about.name),
    describe: () => describeRecords(open()),
    load: async ({ path }, startStage) => (await import('./load.ts')).loadRecords(open(), path, startStage),
    verify: async (path) => (await import('./sources.ts')).inspectRecords(open(), path),
    fetch: async (source, startStage) =>
      (await import('./sources.ts')).fetchRecords(open(), source, startStage),
  });
}

/** The cache of a data set, with its manifest. */
function openStore(name: string): RecordStore {
  const manifest = readRecordManifest(name);
  const files = Object.values(manifest.files).map((file) => file.name);
  return { name, manifest, folder: datasetFolder(name, files) };
}

function describeRecords(store: RecordStore): DatasetFacts {
  const { sources, files, record, ...facts } = store.manifest;
  const { npm, official } = sources;
  const archives = [...(npm === undefined ? [] : [`${npm.package}@${npm.version}`]), official.archive.name];
  return {
    ...facts,
    source: archives.join(' or '),
    folder: store.folder,
    isPublished: true,
    isFetched: true,
    isPresent: isCached(store),
  };
}
