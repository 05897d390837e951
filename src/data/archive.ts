/** @file Files out of a tar archive, plain or gzip, into memory: nothing is written under a name that it chooses. */
import { createReadStream } from 'node:fs';
import { Parser, type ReadEntry } from 'tar';
import { UserError } from '../errors.ts';
import { LARGEST_FILE } from './files.ts';

/** Unpacked bytes for a packed one, at most; pictures of real things stay below 3. */
const LARGEST_RATIO = 50;

/**
 * Reads files of an archive.
 *
 * @param names paths in the archive; whatever else it holds is passed over
 * @returns the content of each, in the order of the names
 * @throws UserError if the archive is missing, damaged, truncated or too large, lacks a file or holds it twice, or has
 *   an entry whose path leads out of it
 */
export async function readArchive(path: string, names: readonly string[]): Promise<Buffer[]> {
  const found = await collect(path, new Set(names));
  return names.map((name) => {
    const content = found.get(name);
    if (content === undefined) throw new UserError(`${path} has no ${name}`);
    return content;
  });
}

function collect(path: string, names: ReadonlySet<string>): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const source = createReadStream(path, { highWaterMark: 2 ** 20 });
  const parser = new Parser({ strict: true, maxDecompressionRatio: LARGEST_RATIO });
  let size = 0;
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      source.destroy();
      reject(new UserError(`${path} cannot be read as a tar archive: ${reason}`));
    };
    parser.on('entry', (entry: ReadEntry) => {
      size += entry.size;
      const name = entry.path.replace(/^(\.\/)+/, '');
      const problem =
        size > LARGEST_FILE ? `it unpacks to more than ${LARGEST_FILE} bytes` : refusal(entry, name);
      if (problem !== undefined) return fail(problem);
      if (!names.has(name)) return entry.resume();
      if (found.has(name)) return fail(`it holds ${name} twice`);
      if (entry.type !== 'File') return fail(`${name} is not a file`);
      found.set(name, keep(entry));
    });
    parser.on('error', (error: Error) => fail(error.message));
    parser.on('end', () => resolve(found));
    source.on('error', (error) => fail(error.message));
    source.pipe(parser);
  });
}

/** Nothing is written by these paths, but an archive that has them is not one of ours. */
function refusal({ path }: ReadEntry, name: string): string | undefined {
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
