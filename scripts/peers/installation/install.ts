/** @file Installs PyTorch for the benchmark: a virtual environment that gets its name when PyTorch has answered in it. */
import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fullDisk, tellsFullDisk } from '../../../src/engines/tensorflow/installation/errors.ts';
import { besides } from '../../../src/engines/tensorflow/installation/paths.ts';
import { findNetworkFailure } from '../../../src/engines/tensorflow/installation/pip.ts';
import { holdingLock, remove } from '../../../src/engines/tensorflow/installation/place.ts';
import type { Site } from '../../../src/engines/tensorflow/installation/plan.ts';
import {
  type Ended,
  lastLine,
  runProgram,
} from '../../../src/engines/tensorflow/installation/run-program.ts';
import { codeOf, UserError } from '../../../src/errors.ts';
import { formatMegabytes } from '../../../src/format.ts';
import type { Stage } from '../../../src/progress.ts';
import { choosePython } from './choose-python.ts';
import {
  type InstallationRecord,
  isPinned,
  locatePytorch,
  PINNED_VERSION,
  type PytorchInstallation,
  pythonIn,
  pytorchFolder,
  RECORD_NAME,
} from './locate.ts';

const PACKAGES = [`torch==${PINNED_VERSION}`, 'numpy'];

/** Bytes, measured on Linux x64, where PyPI's package brings CUDA. */
const SIZES = { fetched: 3e9, installed: 5.4e9 };
/** Milliseconds between two looks at how much is there: tens of thousands of files are counted. */
const POLL_INTERVAL = 3000;

export interface InstallProgress {
  /** `line` prints a line where no bar is drawn. */
  startStage(label: string, total: number): Stage & { line(text: string): void };
  /** A line that stays. */
  say(text: string): void;
}

/**
 * Installs PyTorch and numpy by way of pip, with its ordinary settings.
 *
 * @throws BusyError if another process is at it
 * @throws UserError if something is missing, or pip or the disk does not do its part
 * @throws the signal's reason if it is aborted. In all these cases nothing is there that looks installed.
 */
export async function installPytorch(
  site: Site,
  progress: InstallProgress,
  signal?: AbortSignal,
): Promise<PytorchInstallation> {
  const { say } = progress;
  const folder = pytorchFolder(site.environment);
  const python = await choosePython(site, signal);
  say(describePlan(folder, python.path));
  requireSpace(site, folder);
  return holdingLock(folder, say, signal, async (lock) => {
    // Another process may have done it meanwhile.
    const present = locatePytorch(site.environment);
    if (present !== undefined) return present;
    const { work } = besides(folder);
    mkdirSync(work);
    try {
      say(`making a virtual environment with ${python.path} (Python ${python.version})`);
      const made = await runProgram(python.path, ['-I', '-m', 'venv', work], {
        environment: site.environment,
        signal,
      });
      if (made.code !== 0) throw explain(made, `${python.path} could not make a virtual environment`, folder);
      await runPip(work, { python: python.path, folder, site }, progress, signal);
      const record: InstallationRecord = {
        platform: `${process.platform}-${process.arch}`,
        torch: await askTorch(work, site, signal),
      };
      writeFileSync(join(work, RECORD_NAME), `${JSON.stringify(record)}\n`);
      lock.requireHeld();
      remove(folder);
      renameSync(work, folder);
    } catch (error) {
      throw codeOf(error) === 'ENOSPC' ? fullDisk(folder) : error;
    } finally {
      remove(work);
    }
    const installed = locatePytorch(site.environment);
    if (installed === undefined) throw new UserError(`${pythonIn(folder)} is gone after it was installed`);
    return installed;
  });
}

function describePlan(folder: string, python: string): string {
  const size =
    process.platform === 'linux'
      ? `about ${gigabytes(SIZES.fetched)} to fetch and ${gigabytes(SIZES.installed)} on the disk, because its package brings CUDA`
      : 'less than on Linux, where its package brings CUDA: there 3 GB to fetch, 5.4 GB on the disk';
  return `PyTorch ${PINNED_VERSION} and numpy, through pip of ${python}, into ${folder}: ${size}`;
}

function gigabytes(bytes: number): string {
  return `${bytes / 1e9} GB`;
}

/** What was fetched and what is unpacked of it lie on the disk at the same time. */
function requireSpace(site: Site, folder: string): void {
  if (process.platform !== 'linux') return;
  const [free, needed] = [site.freeBytes(folder), SIZES.fetched + SIZES.installed];
  if (free >= needed) return;
  throw new UserError(
    `the disk of ${folder} has ${formatMegabytes(free)} free, expected at least ${formatMegabytes(needed)}; the environment variable TD_CACHE puts td's cache elsewhere`,
  );
}

async function runPip(
  work: string,
  { python, folder, site }: { readonly python: string; readonly folder: string; readonly site: Site },
  { startStage }: InstallProgress,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = join(work, 'temporary');
  mkdirSync(temporary);
  const total = SIZES.fetched + SIZES.installed;
  const stage = startStage(`installing PyTorch ${PINNED_VERSION} with pip`, total);
  let latest = '';
  const poll = setInterval(() => {
    const bytes = sizeOf(work);
    stage.update(Math.min(bytes, total), `${formatMegabytes(bytes)} on the disk${latest}`);
  }, POLL_INTERVAL);
  try {
    const ended = await runProgram(pythonIn(work), pipParameters(), {
      // pip downloads into the folder for temporary files first, which may be a small disk in memory.
      environment: { ...site.environment, TMPDIR: temporary, PIP_USER: '0' },
      signal,
      onOutput: (text) => {
        for (const line of text.split('\n').map((line) => line.trim())) {
          if (!/^(Downloading|Installing) /.test(line)) continue;
          stage.line(line);
          [latest = ''] = /\S*\.whl/.exec(line)?.map((file) => `, ${file}`) ?? [''];
        }
      },
    });
    if (ended.code !== 0) throw explainPip(ended, python, folder);
  } finally {
    clearInterval(poll);
    stage.stop();
  }
  remove(temporary);
}

export function pipParameters(): string[] {
  return [
    ...['-I', '-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off'],
    // Else a second copy of 3 GB would stay in pip's cache.
    ...['--no-cache-dir', '--only-binary=:all:', ...PACKAGES],
  ];
}

/** Loads PyTorch where it is. @returns the version that it says */
async function askTorch(work: string, { environment }: Site, signal?: AbortSignal): Promise<string> {
  const question = 'import numpy, torch; print(torch.__version__)';
  const ended = await runProgram(pythonIn(work), ['-I', '-c', question], { environment, signal });
  if (ended.code !== 0) throw explain(ended, 'PyTorch was installed but does not load', work);
  const version = lastLine(ended.stdout);
  if (!isPinned(version))
    throw new UserError(`pip delivered PyTorch ${version || 'of no version'}, expected ${PINNED_VERSION}`);
  return version;
}

/** The cause of pip's failure in one sentence. */
function explainPip(ended: Ended, python: string, folder: string): UserError {
  const what = `pip could not install PyTorch ${PINNED_VERSION}`;
  const asks = `"${python} -m pip config list" shows which index it asks`;
  const network = findNetworkFailure(ended.stderr);
  if (network !== undefined)
    return new UserError(`${what}, its index cannot be reached (${network}); ${asks}`);
  if (/No matching distribution found/.test(ended.stderr))
    return new UserError(`${what}: its index does not have it for this platform and Python; ${asks}`);
  return explain(ended, what, folder);
}

/** The cause, from the many lines that Python and pip print. */
function explain(ended: Ended, what: string, folder: string): UserError {
  const { stdout, stderr, unstartable, endedBy, code } = ended;
  if (tellsFullDisk(stderr)) return fullDisk(folder);
  const lines = stderr.split('\n').filter((line) => /^\s*ERROR|error:/i.test(line));
  const said = (lines.at(-1) ?? (lastLine(stderr) || lastLine(stdout))).replace(/^\s*ERROR:\s*/, '').trim();
  const end = `it ended with ${unstartable ?? endedBy ?? `exit code ${code}`}`;
  return new UserError(`${what}: ${said || end}`);
}

/** Bytes of all files under a folder. */
function sizeOf(folder: string): number {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    // pip removes files while this looks.
    return 0;
  }
}
