/** @file What an installation will do, found out before anything is written: `td engines install tensorflow --dry-run`. */
import { existsSync, realpathSync, statfsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { codeOf, messageOf, UserError } from '../../../errors.ts';
import { formatMegabytes } from '../../../format.ts';
import { type Choice, chooseFrom, chooseTensorflow } from './choose-tensorflow.ts';
import { type Compiler, findCompiler } from './compiler.ts';
import type { Surroundings } from './help.ts';
import { sizeOfFile, type TensorflowInstallation } from './locate.ts';
import { besides, installationFolder } from './paths.ts';
import { describeUntested, type Machine, requireSupported, thisMachine } from './platform.ts';
import { choosePip, findPythons, type Python } from './pythons.ts';
import { findSources, type ModuleSources } from './sources.ts';

/** Bytes of the native module, of what is compiled to it, and of room to breathe. */
const MODULE_SPACE = 50e6;
/** A wheel that a user has is unpacked to no more than so many times its size. */
const UNPACKED_RATIO = 4;

export interface InstallRequest {
  /** Whether TensorFlow must have CUDA. */
  readonly gpu: boolean;
  /** A TensorFlow that is there: folder or wheel. */
  readonly from?: string | undefined;
  /** The one Python that is asked. */
  readonly python?: string | undefined;
}

export interface InstallPlan {
  readonly folder: string;
  readonly choice: Choice;
  readonly compiler: Compiler;
  readonly sources: ModuleSources;
  /** What fetches and unpacks; nothing where a TensorFlow that is there is used. */
  readonly python?: Python;
  readonly downloadBytes: number;
  readonly unpackedBytes: number;
  readonly freeBytes: number;
  /** A clause about what nobody has tried on this kind of machine. */
  readonly untested?: string;
}

/** What a plan asks of its surroundings; tests put others in. */
export interface Site extends Surroundings {
  readonly machine: Machine;
  /** Bytes that are free on the disk of a folder, which need not exist yet. */
  freeBytes(folder: string): number;
}

export function thisSite(): Site {
  const { env: environment, platform } = process;
  return { environment, platform, home: homedir(), machine: thisMachine(), freeBytes };
}

/**
 * Finds everything that the installation needs. Writes nothing.
 *
 * @throws UserError with the command that helps, if something is missing
 */
export async function planInstallation(
  request: InstallRequest,
  site: Site,
  signal?: AbortSignal,
): Promise<InstallPlan> {
  requireSupported(site.machine);
  const { gpu, from } = request;
  const sources = findSources();
  const compiler = await findCompiler(site, signal);
  const isFetched = (choice: Choice) => choice.kind !== 'folder';
  const named = from === undefined ? undefined : chooseFrom(from, site.machine, gpu);
  const pythons =
    named !== undefined && !isFetched(named) ? [] : await findPythons(site, request.python, signal);
  const choice = named ?? chooseTensorflow(pythons, site.machine, gpu);
  const folder = installationFolder(site.environment);
  refuseOwn(choice, folder);
  const untested = describeUntested(site.machine);
  const plan = {
    folder,
    choice,
    compiler,
    sources,
    ...(isFetched(choice) ? { python: choosePython(choice, pythons, site) } : {}),
    ...measure(choice, folder),
    freeBytes: site.freeBytes(folder),
    ...(untested === undefined ? {} : { untested }),
  };
  requireSpace(plan);
  return plan;
}

/** Refuses td's own installation as the TensorFlow to build against: installing again removes it first. */
function refuseOwn(choice: Choice, folder: string): void {
  if (choice.kind !== 'folder' || !existsSync(folder)) return;
  const { libraries } = choice.found;
  if (!realpathSync(libraries).startsWith(`${realpathSync(folder)}${sep}`)) return;
  throw new UserError(`--from: ${libraries} is td's own; without --from, --force builds and tests it again`);
}

/** A wheel that is there needs no pip, only a Python that unpacks it. */
function choosePython(choice: Choice, pythons: readonly Python[], site: Site): Python {
  const [first] = pythons;
  return choice.kind === 'wheel file' && first !== undefined ? first : choosePip(pythons, site);
}

/** Bytes to fetch, less what has arrived at an earlier try, and bytes on the disk afterwards. */
function measure(choice: Choice, folder: string): { downloadBytes: number; unpackedBytes: number } {
  if (choice.kind === 'folder') return { downloadBytes: 0, unpackedBytes: 0 };
  if (choice.kind === 'wheel file') {
    return { downloadBytes: 0, unpackedBytes: UNPACKED_RATIO * (sizeOfFile(choice.path) ?? 0) };
  }
  const { downloads } = besides(folder);
  const isKept = ({ file, bytes }: { file: string; bytes: number }) =>
    sizeOfFile(join(downloads, file)) === bytes;
  return {
    downloadBytes: sum(choice.wheels.filter((wheel) => !isKept(wheel)).map(({ bytes }) => bytes)),
    unpackedBytes: sum(choice.wheels.map(({ unpackedBytes }) => unpackedBytes)),
  };
}

/** Wheels and what is unpacked of them lie on the disk at the same time. */
function requireSpace({ folder, downloadBytes, unpackedBytes, freeBytes: free }: InstallPlan): void {
  const needed = downloadBytes + unpackedBytes + MODULE_SPACE;
  if (free >= needed) return;
  throw new UserError(
    `the disk of ${folder} has ${formatMegabytes(free)} free, expected at least ${formatMegabytes(needed)}; the environment variable TD_CACHE puts td's cache elsewhere`,
  );
}

function freeBytes(folder: string): number {
  for (let path = folder; ; path = dirname(path)) {
    try {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    } catch (error) {
      const code = codeOf(error);
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || dirname(path) === path)
        throw new UserError(`cannot look at the disk of ${folder}: ${messageOf(error)}`);
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Whether an installation is the one that a request asks for. A build for graphics cards computes on the processor, too. */
export function satisfies(
  { build, source }: TensorflowInstallation,
  { gpu, from, python }: InstallRequest,
): boolean {
  if (gpu && build !== 'gpu') return false;
  if (from === undefined && python === undefined) return true;
  const owners = source.kind === 'folder' ? [source.owner] : [...source.wheels, source.python];
  return [from, python].every((path) => path === undefined || owners.includes(path));
}
