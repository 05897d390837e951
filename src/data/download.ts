/** @file Downloading a file of known size. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../errors.ts';
import type { Stage } from './types.ts';
import { megabytes } from './words.ts';

/**
 * Downloads a file over HTTP or HTTPS. Not a byte more than expected is taken.
 *
 * @param path where it is written; what was there is overwritten
 * @param size bytes of the file
 * @throws UserError if the server cannot be reached, refuses, or sends more or fewer bytes
 */
export async function download(url: string, path: string, size: number, stage: Stage): Promise<void> {
  const response = await request(url);
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new UserError(`${url} answers ${response.status} ${response.statusText}`.trimEnd());
  }
  const body = response.body;
  let done = 0;
  const count = async function* () {
    for await (const chunk of body) {
      done += chunk.length;
      if (done > size) throw new UserError(`${url} sends more than the ${size} bytes that are expected`);
      stage.update(done, `${megabytes(done)} of ${megabytes(size)}`);
      yield chunk;
    }
  };
  try {
    await pipeline(count, createWriteStream(path));
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw new UserError(
      `the download of ${url} broke off after ${done} of ${size} bytes: ${wordCause(error)}`,
    );
  }
  if (done < size) throw new UserError(`the download of ${url} ended after ${done} of ${size} bytes`);
}

async function request(url: string): Promise<Response> {
  try {
    return await fetch(url);
  } catch (error) {
    throw new UserError(`${url} cannot be reached: ${wordCause(error)}`);
  }
}

/** Failures of `fetch` say "fetch failed" and hide the reason. */
function wordCause(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  return cause.message || (cause as NodeJS.ErrnoException).code || message;
}
