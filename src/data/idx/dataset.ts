/** @file Data sets in the format of MNIST: those of td's manifests, or any from a folder. */
import { defineDataset } from '../definition.ts';
import { plainSettings } from '../settings.ts';
import type { DatasetFacts } from '../types.ts';
import { hasAllFiles, type IdxStore, openIdxStore } from './manifest.ts';

/**
 * A data set with a manifest `datasets/<name>.yaml` of this kind. With a path it is read from that folder, where
 * `findIdxFiles` looks for the four files. They need not be those of the manifest (EMNIST is welcome), but must fit together:
 * images and labels equal in number, one image shape. Labels are taken as they are, and there are ten classes, or as many as the
 * largest label asks for: of EMNIST's letters, which begin with 1, class 0 stays unused.
 *
 * @param open reads the manifest, when it is needed
 */
export function idxDataset<const Name extends string>(
  about: { readonly name: Name; readonly summary: string },
  open = () => openIdxStore(about.name),
) {
  return defineDataset({
    ...about,
    settings: plainSettings(about.name),
    describe: () => describeStore(open()),
    async load({ path }, startStage) {
      const { loadFolder, loadPublished } = await import('./load.ts');
      return path === undefined
        ? loadPublished(open(), startStage)
        : loadFolder(about.name, path, startStage);
    },
    verify: async (path) => (await import('./sources.ts')).inspectIdx(open(), path),
    fetch: async (source, startStage) => (await import('./sources.ts')).fetchIdx(open(), source, startStage),
  });
}

function describeStore(store: IdxStore): DatasetFacts {
  const { source, files, ...facts } = store.manifest;
  const { folder } = store;
  const isFetched = 'addresses' in source;
  return {
    ...facts,
    source: isFetched ? facts.homepage.replace('https://', '') : `${source.package}@${source.version}`,
    ...(folder !== undefined && { folder }),
    isPublished: true,
    isFetched,
    isPresent: hasAllFiles(store),
  };
}
