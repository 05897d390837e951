/** @file Wheels by way of pip, which knows the user's index, proxy and certificates. */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../../../errors.ts';
import { formatMegabytes } from '../../../format.ts';
import type { Stage } from '../../../progress.ts';
import { fullDisk, tellsFullDisk } from './errors.ts';
import { sizeOfFile } from './locate.ts';
import type { Python } from './pythons.ts';
import { type Ended, lastLine, runProgram } from './run-program.ts';
import { PYTHON_TAG, type Wheel } from './wheels.ts';

/** Milliseconds between two looks at how much has arrived. */
const POLL_INTERVAL = 200;

/**
 * Fetches a wheel, unless it has arrived before. pip compares it with the pinned hash, and so does td.
 *
 * @param downloads folder that keeps wheels which have arrived whole, for the next try
 * @param work an empty folder for half-done downloads
 * @returns path of the wheel, in `downloads`
 * @throws UserError if pip does not deliver it, or something else
 */
export async function fetchWheel(
  wheel: Wheel,
  { path: python }: Python,
  { downloads, work }: { readonly downloads: string; readonly work: string },
  stage: Stage,
  signal?: AbortSignal,
): Promise<string> {
  const kept = join(downloads, wheel.file);
  if (sizeOfFile(kept) === wheel.bytes && (await sha256Of(kept, signal)) === wheel.sha256) return kept;
  rmSync(kept, { force: true });
  const poll = setInterval(() => {
    const bytes = Math.min(largestFile(work), wheel.bytes);
    stage.update(bytes, `${formatMegabytes(bytes)} of ${formatMegabytes(wheel.bytes)}`);
  }, POLL_INTERVAL);
  try {
    const ended = await download(wheel, python, work, signal);
    if (tellsFullDisk(ended.stderr)) throw fullDisk(work);
    if (ended.code !== 0) throw new UserError(describeFailure(wheel, python, ended));
  } finally {
    clearInterval(poll);
  }
  const arrived = join(work, 'wheels', wheel.file);
  await requireWheel(arrived, wheel, signal);
  renameSync(arrived, kept);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  return kept;
}

/** The words after the Python's name, and the file of requirements that they name. */
export function pipCommand(
  { name, version, tag, sha256 }: Wheel,
  folder: string,
): { readonly parameters: string[]; readonly requirements: string } {
  return {
    requirements: `${name}==${version} --hash=sha256:${sha256}\n`,
    parameters: [
      ...['-m', 'pip', 'download', '--quiet', '--no-input', '--disable-pip-version-check'],
      // Else a second copy would stay in pip's cache, of up to 3.4 GB.
      ...['--no-cache-dir', '--no-deps', '--only-binary=:all:'],
      ...['--implementation', 'cp', '--python-version', PYTHON_TAG, '--platform', tag],
      ...['--require-hashes', '--requirement', join(folder, 'requirements.txt')],
      ...['--dest', join(folder, 'wheels')],
    ],
  };
}

function download(wheel: Wheel, python: string, folder: string, signal?: AbortSignal): Promise<Ended> {
  const { parameters, requirements } = pipCommand(wheel, folder);
  writeFileSync(join(folder, 'requirements.txt'), requirements);
  return runProgram(python, parameters, {
    cwd: folder,
    // pip downloads into the folder for temporary files first, which may be a small disk in memory.
    environment: { ...process.env, TMPDIR: folder, PIP_REQUIRE_VIRTUALENV: '0' },
    signal,
  });
}

/** @throws UserError if a file is not byte for byte the pinned wheel */
async function requireWheel(path: string, wheel: Wheel, signal?: AbortSignal): Promise<void> {
  const bytes = sizeOfFile(path);
  if (bytes === undefined) throw new UserError(`pip delivered another file than ${wheel.file}`);
  const found = await sha256Of(path, signal);
  if (bytes === wheel.bytes && found === wheel.sha256) return;
  rmSync(path, { force: true });
  throw new UserError(
    `pip delivered another ${wheel.file} than the published one: ${bytes} bytes with SHA-256 ${found}, expected ${wheel.bytes} with ${wheel.sha256}`,
  );
}

/** Hexadecimal. */
async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, signal === undefined ? {} : { signal }).catch((error) => {
    signal?.throwIfAborted();
    throw error;
  });
  return hash.digest('hex');
}

/** The cause of pip's failure in one sentence, with what the user can do, from the many lines that pip prints. */
export function describeFailure({ name, version, file }: Wheel, python: string, ended: Ended): string {
  const { stderr, unstartable, endedBy, code } = ended;
  const what = `pip could not fetch ${name} ${version}`;
  if (/DO NOT MATCH THE HASHES/.test(stderr)) {
    const [, got = 'another one'] = /Got\s+([0-9a-f]{64})/.exec(stderr) ?? [];
    return `the index of pip has another ${file} than the published one: its SHA-256 is ${got}`;
  }
  const network = findNetworkFailure(stderr);
  if (network !== undefined) {
    return `${what}, its index cannot be reached (${network}); "${python} -m pip config list" shows which one it asks, and --from takes a wheel or a TensorFlow that is there`;
  }
  if (/No matching distribution found/.test(stderr)) {
    return `${what}: its index does not have it for this platform; "${python} -m pip config list" shows which index it asks, and --from takes a wheel or a TensorFlow that is there`;
  }
  const lines = stderr.split('\n').filter((line) => /^\s*ERROR|error:/i.test(line));
  const said = (lines.at(-1) ?? lastLine(stderr)).replace(/^\s*ERROR:\s*/, '').trim();
  return `${what}: ${said || `it ended with ${unstartable ?? endedBy ?? `exit code ${code}`}`}`;
}

/** What pip says of a network that does not do its part, if that is why it failed. */
export function findNetworkFailure(stderr: string): string | undefined {
  const found =
    /(Failed to establish a new connection|Name or service not known|Temporary failure in name resolution|nodename nor servname|Connection refused|timed out|Network is unreachable|Tunnel connection failed|certificate verify failed)/i.exec(
      stderr,
    );
  return found?.[1]?.toLowerCase();
}

/** Size of the largest file under a folder, in bytes: that of the wheel as it arrives. */
function largestFile(folder: string): number {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return Math.max(0, ...files.map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0));
  } catch {
    // pip removes files while this looks.
    return 0;
  }
}
