/** @file Where data sets in the format of MNIST come from: the web, file by file, or a folder at hand. */
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { formatMegabytes } from '../../format.ts';
import type { Stage, StartStage } from '../../progress.ts';
import { download } from '../download.ts';
import { type Cache, type Fetched, fetchInto, refuseDamaged, type Sources } from '../fetch.ts';
import { type FileReport, inspectFile, readDataFile } from '../files.ts';
import { findIdxFiles } from './folder.ts';
import { unpackIdx } from './format.ts';
import { IDX_ROLES, type IdxRole, type IdxStore, type OfficialIdxSource } from './manifest.ts';

/**
 * As `fetchInto`.
 *
 * @param source `official`, or a folder that `findIdxFiles` finds the four files in
 * @returns `package` if the files belong to an npm package
 */
export async function fetchIdx(
  { name, manifest, folder }: IdxStore,
  source: string | undefined,
  startStage: StartStage,
): Promise<string> {
  const official = manifest.source;
  if ('addresses' in official && folder !== undefined) {
    const cache: Cache<IdxRole> = { name, folder, files: manifest.files };
    return fetchInto(cache, sourcesOf(cache, manifest.homepage, official), source, startStage);
  }
  if (source === undefined) return 'package';
  throw new UserError(`${name} comes with this program; read other files by dataset.path`);
}

/** Compares the files at a path, or those of the data set, with the manifest. Packed ones are those that are published packed. */
export function inspectIdx(store: IdxStore, path: string | undefined): FileReport[] {
  const { source, files } = store.manifest;
  const place = path ?? placeOf(store);
  return IDX_ROLES.map((role) => {
    const plain = inspectFile(join(place, files[role].name), files[role]);
    if (plain.state !== 'missing' || !('addresses' in source)) return plain;
    const packed = inspectFile(join(place, source.files[role].name), source.files[role]);
    return packed.state === 'missing' ? plain : packed;
  });
}

/** Where the files would be, for reports of those that are missing. */
function placeOf({ manifest: { source }, folder }: IdxStore): string {
  if (folder !== undefined || 'addresses' in source) return folder ?? '';
  return join('node_modules', source.package, source.folder);
}

function sourcesOf(
  { name, files }: Cache<IdxRole>,
  homepage: string,
  official: OfficialIdxSource,
): Sources<IdxRole> {
  return {
    downloads: { official: (folder, startStage) => fromAnyAddress(name, official, folder, startStage) },
    downloadBytes: sizeOf(official),
    fromPath: async (path) => ({ origin: path, contents: readFiles(findIdxFiles(path)) }),
    remedy: `bring the folder with the four IDX files of ${homepage} here`,
    describeOther: (role, origin) => `${files[role].name} of ${origin} is not that of ${name}`,
  };
}

/** The first address that sends all files as they are pinned. */
async function fromAnyAddress(
  name: string,
  official: OfficialIdxSource,
  folder: string,
  startStage: StartStage,
): Promise<Fetched<IdxRole>> {
  const failures: string[] = [];
  for (const address of official.addresses) {
    const size = sizeOf(official);
    const stage = startStage(`downloading ${name} (${formatMegabytes(size)})`, size);
    try {
      return { origin: address, contents: await fromAddress(address, official, folder, stage) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push(error.message);
    } finally {
      stage.stop();
    }
  }
  throw new UserError(failures.join('; '));
}

/** @param stage of all files together */
async function fromAddress(
  address: string,
  { files }: OfficialIdxSource,
  folder: string,
  stage: Stage,
): Promise<Record<IdxRole, Uint8Array>> {
  const size = sizeOf({ files });
  const paths: Partial<Record<IdxRole, string>> = {};
  let before = 0;
  for (const role of IDX_ROLES) {
    const file = files[role];
    const [url, path] = [`${address}/${file.name}`, join(folder, file.name)];
    const update = (done: number) =>
      stage.update(before + done, `${formatMegabytes(before + done)} of ${formatMegabytes(size)}`);
    await download(url, path, file.bytes, { update, stop() {} });
    refuseDamaged(inspectFile(path, file), `${url} sent another file than ${file.name}`);
    paths[role] = path;
    before += file.bytes;
  }
  return readFiles(paths as Record<IdxRole, string>);
}

/** The content of each file after unpacking. */
function readFiles(paths: Readonly<Record<IdxRole, string>>): Record<IdxRole, Uint8Array> {
  const read = (role: IdxRole) => {
    const bytes = readDataFile(paths[role]);
    if (bytes === undefined) throw new UserError(`${paths[role]} is gone`);
    return unpackIdx(bytes, role.endsWith('Images') ? 3 : 1, paths[role]);
  };
  return {
    trainImages: read('trainImages'),
    trainLabels: read('trainLabels'),
    testImages: read('testImages'),
    testLabels: read('testLabels'),
  };
}

function sizeOf({ files }: Pick<OfficialIdxSource, 'files'>): number {
  return Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
}
