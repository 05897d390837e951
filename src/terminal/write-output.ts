/** @file Writes to a path that a user gave: through links, into pipes and devices, which are never replaced by a file. */
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { nameFile, writeFileAtomic } from '../files/atomic.ts';
import { makeDirectory } from '../files/directories.ts';
import { lookAt } from '../files/read.ts';

/** Links that are followed one after the other. */
const MOST_LINKS = 40;

/** Names of what this process has open: where `/dev/stdout` leads, or `/dev/fd/63`, as shells give it. */
const DESCRIPTOR = new RegExp(`^/(?:dev|proc/(?:self|${process.pid}))/fd/(\\d+)$`);

/** Errors of replacing a file that may still be written in place: a file that was mounted alone into a container, say. */
const LOCKED_FOLDER = ['EACCES', 'EPERM', 'EROFS', 'EBUSY'];

/** Milliseconds between two looks for a reader of a pipe, and after which there is none unless somebody has more patience. */
const POLL_INTERVAL = 100;
const PATIENCE = 10_000;

/**
 * Writes a text where a path points. A file is replaced whole, links to it stay; what is open already is written to where it
 * stands; pipes and devices are written through.
 *
 * @param tell called with a sentence if a reader is waited for
 * @param patience milliseconds after which a pipe has no reader
 * @returns whether it is a file now, and not something that passed on
 * @throws UserError if the path is a pipe that nobody reads
 * @throws Error of the file system, which names the path as it was given
 */
export async function writeOutput(
  path: string,
  text: string,
  tell: (sentence: string) => void,
  patience = PATIENCE,
): Promise<boolean> {
  try {
    const target = followLinks(path);
    const descriptor = Number(DESCRIPTOR.exec(target)?.[1] ?? Number.NaN);
    if (isOpen(descriptor)) {
      writeOpen(descriptor, text);
      return false;
    }
    const status = lookAt(target);
    if (status === undefined || status.isFile()) {
      replaceFile(target, text);
      return true;
    }
    // A pipe that is open for writing once does not end, nor does opening it again wait.
    const first = status.isFIFO() ? await openPipe(path, tell, patience) : undefined;
    const file = await open(target, 'w').finally(() => first !== undefined && closeSync(first));
    await file.writeFile(text).finally(() => file.close());
    return false;
  } catch (error) {
    throw error instanceof UserError ? error : nameFile(error as NodeJS.ErrnoException, path);
  }
}

/** The place behind a chain of links, which need not exist; a descriptor is left as its name. */
function followLinks(path: string, links = MOST_LINKS): string {
  const full = resolve(path);
  if (DESCRIPTOR.test(full) || links === 0) return full;
  const place = join(followFolder(dirname(full)), full.slice(dirname(full).length));
  if (DESCRIPTOR.test(place)) return place;
  try {
    return followLinks(resolve(dirname(place), readlinkSync(place)), links - 1);
  } catch {
    // It is no link.
    return place;
  }
}

/** `/dev/fd` is a link itself. */
function followFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

function isOpen(descriptor: number): boolean {
  try {
    return fstatSync(descriptor) !== undefined;
  } catch {
    return false;
  }
}

/** Standard output and error are written as td itself prints, so that the order is kept. */
function writeOpen(descriptor: number, text: string): void {
  if (descriptor === 1) process.stdout.write(text);
  else if (descriptor === 2) process.stderr.write(text);
  else writeFileSync(descriptor, text);
}

function replaceFile(path: string, text: string): void {
  try {
    makeDirectory(dirname(path));
    writeFileAtomic(path, text);
  } catch (error) {
    if (!LOCKED_FOLDER.includes((error as NodeJS.ErrnoException).code ?? '') || !isWritable(path))
      throw error;
    writeFileSync(path, text);
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Opening a pipe that nobody reads would otherwise wait for ever. */
async function openPipe(path: string, tell: (sentence: string) => void, patience: number): Promise<number> {
  for (let waited = 0; waited < patience; waited += POLL_INTERVAL) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    }
    if (waited === 0) tell(`waiting for a reader of the pipe ${path}`);
    await sleep(POLL_INTERVAL);
  }
  throw new UserError(`${path} is a pipe that nobody reads, expected a reader within ${patience / 1000} s`);
}
