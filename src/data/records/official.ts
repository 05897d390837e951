/** @file CIFAR as its authors publish it: an archive of record files, or the folder that it unpacks to. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { StartStage } from '../../progress.ts';
import { readArchive } from '../archive.ts';
import { describeNames } from '../content.ts';
import { type FileReport, inspectFile, isFolder, readDataFile, sizeOfFiles } from '../files.ts';
import { beginPassage } from '../large.ts';
import { countRecords } from './format.ts';
import type { OfficialSource, RecordFormat } from './manifest.ts';

/** The records of each split, in one piece. */
export interface RecordFiles {
  readonly train: Uint8Array;
  readonly test: Uint8Array;
}

/**
 * Reads the record files of an archive or of a folder: the one that has them, or the one around it. Their content is
 * not compared with the manifest.
 *
 * @throws UserError if there is nothing at the path, or a file is missing, unreadable or not of whole records, at least one
 */
export async function readOfficial(
  path: string,
  source: OfficialSource,
  format: RecordFormat,
  startStage?: StartStage,
): Promise<RecordFiles> {
  const names = [...source.train, ...source.test].map(({ name }) => name);
  const contents = await readContents(path, source, names, startStage);
  // Each file is checked by itself: joined, files with parts of records could make whole ones.
  for (const [index, content] of contents.entries())
    countRecords(content, format, `${names[index]} of ${basename(path)}`);
  return {
    train: joined(contents.slice(0, source.train.length)),
    test: joined(contents.slice(source.train.length)),
  };
}

/** Compares an archive, or each file of a folder, with the manifest. */
export function inspectOfficial(path: string, source: OfficialSource): FileReport[] {
  if (!isFolder(path)) return [inspectFile(path, source.archive)];
  const folder = innerFolder(path, source);
  return [...source.train, ...source.test].map((file) => inspectFile(join(folder, file.name), file));
}

async function readContents(
  path: string,
  source: OfficialSource,
  names: readonly string[],
  startStage: StartStage | undefined,
): Promise<Uint8Array[]> {
  if (!existsSync(path)) {
    throw new UserError(
      `there is nothing at "${path}", expected ${source.archive.name} or its folder ${source.folder}`,
    );
  }
  if (!isFolder(path)) {
    return readArchive(
      path,
      names.map((name) => `${source.folder}/${name}`),
      startStage,
    );
  }
  const folder = innerFolder(path, source);
  const passage = beginPassage(
    `reading ${path}`,
    sizeOfFiles(names.map((name) => join(folder, name))),
    startStage,
  );
  try {
    return names.map((name) => {
      const content = readRecords(folder, name, names);
      passage.add(content.length);
      return content;
    });
  } finally {
    passage.stop();
  }
}

function readRecords(folder: string, name: string, names: readonly string[]): Uint8Array {
  const content = readDataFile(join(folder, name));
  if (content !== undefined) return content;
  const version = describeNames(readdirSync(folder));
  throw new UserError(
    version === undefined
      ? `"${folder}" has no ${name}, expected ${names.join(', ')}`
      : `"${folder}" has no ${name}: ${version}`,
  );
}

function innerFolder(path: string, { folder }: OfficialSource): string {
  const inner = join(path, folder);
  return isFolder(inner) ? inner : path;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}
