/** @file Files out of a tar archive, plain or gzip, into memory: nothing is written under a name that it chooses. */
import { createReadStream } from 'node:fs';
import type { ReadEntry } from 'tar';
import { UserError } from '../errors.ts';
import type { StartStage } from '../progress.ts';
import { describeNames } from './content.ts';
import { describeFile, LARGEST_FILE, requireDataFile, sizeOfFiles } from './files.ts';
import { beginPassage, type Passage } from './large.ts';

/** Most entries of an archive, with those that are not read; that of CIFAR-10 has nine. */
const MOST_ENTRIES = 10_000;

/** Packed bytes that are unpacked before the ratio is checked again; gzip makes at most a thousand times as many of them. */
const PIECE = 2 ** 14;

/** Most unpacked bytes for each packed one; photographs stay below 3. */
const LARGEST_RATIO = 50;

/**
 * Reads files of an archive.
 *
 * @param names paths in the archive; whatever else it holds is passed over
 * @returns the content of each, in the order of the names
 * @throws UserError if the archive is missing or no file, damaged, truncated or too large, lacks a file or holds it
 *   twice, has too many entries or one whose path leads out of it
 */
export async function readArchive(
  path: string,
  names: readonly string[],
  startStage?: StartStage,
): Promise<Buffer[]> {
  requireDataFile(path);
  const foreign = describeFile(path);
  if (foreign !== undefined) throw new UserError(`${path} cannot be read as a tar archive: ${foreign}`);
  const passage = beginPassage(`reading ${path}`, sizeOfFiles([path]), startStage);
  const { found, others } = await collect(path, new Set(names), passage).finally(() => passage.stop());
  return names.map((name) => {
    const content = found.get(name);
    if (content !== undefined) return content;
    const version = describeNames(others);
    throw new UserError(`${path} has no ${name}${version === undefined ? '' : `: ${version}`}`);
  });
}

/** What kind of archive it is, where another was expected: a clause; nothing if it is no kind that td knows. */
export async function describeArchive(path: string): Promise<string | undefined> {
  try {
    return describeFile(path) ?? describeNames((await collect(path, new Set())).others);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

interface Entries {
  readonly found: ReadonlyMap<string, Buffer>;
  /** Names of those that are passed over. */
  readonly others: readonly string[];
}

async function collect(path: string, names: ReadonlySet<string>, passage?: Passage): Promise<Entries> {
  const { Parser } = await import('tar');
  const found = new Map<string, Buffer>();
  const others: string[] = [];
  const source = createReadStream(path, { highWaterMark: PIECE });
  const parser = new Parser({ strict: true, maxDecompressionRatio: LARGEST_RATIO });
  let [size, entries] = [0, 0];
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      source.destroy();
      reject(new UserError(`${path} cannot be read as a tar archive: ${reason}`));
    };
    parser.on('entry', (entry: ReadEntry) => {
      size += entry.size;
      entries++;
      const name = entry.path.replace(/^(\.\/)+/, '');
      const problem =
        entries > MOST_ENTRIES ? `it has more than ${MOST_ENTRIES} entries` : refusal(entry, size);
      if (problem !== undefined) return fail(problem);
      if (!names.has(name)) {
        others.push(name);
        return entry.resume();
      }
      if (found.has(name)) return fail(`it holds ${name} twice`);
      if (entry.type !== 'File') return fail(`${name} is not a file`);
      found.set(name, keep(entry));
    });
    parser.on('error', (error: Error) => fail(error.message));
    parser.on('end', () => resolve({ found, others }));
    source.on('error', (error) => fail(error.message));
    source.on('data', (piece) => passage?.add(piece.length));
    source.pipe(parser);
  });
}

/**
 * Why an entry is refused: a clause; nothing if it is not. Its path is written nowhere, but an archive with paths that lead out of it is none that td
 * reads, nor is one with impossible sizes, which extended headers can hold.
 *
 * @param total bytes of all entries so far
 */
function refusal(entry: ReadEntry, total: number): string | undefined {
  const { path, size } = entry;
  if (!Number.isSafeInteger(size) || size < 0) return `its entry "${path}" has size ${size}`;
  if (total > LARGEST_FILE) return `it unpacks to more than ${LARGEST_FILE} bytes`;
  const name = path.replace(/^(\.\/)+/, '');
  const leadsOut = /^([a-z]:|[\\/])/i.test(name) || name.split(/[\\/]/).includes('..');
  return leadsOut ? `its entry "${path}" leads out of it` : undefined;
}

/** The content of an entry, complete when the archive has been read. */
function keep(entry: ReadEntry): Buffer {
  const content = Buffer.alloc(entry.size);
  let length = 0;
  entry.on('data', (chunk: Buffer) => {
    length += chunk.copy(content, length);
  });
  return content;
}
