/** @file Downloading a file of known size. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../errors.ts';
import type { Stage } from './types.ts';
import { megabytes } from './words.ts';

/** Status codes that lead on to another address, and how often they may. */
const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 5;

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/**
 * Downloads a file over HTTPS, which holds for the addresses that the server leads on to, too. Not a byte more than
 * expected is taken.
 *
 * @param path where it is written; what was there is overwritten
 * @param size bytes of the file
 * @throws UserError if an address is not HTTPS, the server cannot be reached, refuses, leads on without end, or sends
 *   more or fewer bytes
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

/** @param redirects that are followed still */
async function request(url: string, redirects = MOST_REDIRECTS): Promise<Response> {
  requireSecure(url);
  const response = await ask(url);
  const location = response.headers.get('location');
  if (!REDIRECTS.includes(response.status) || location === null) return response;
  await response.body?.cancel();
  if (redirects === 0) throw new UserError(`${url} leads on to yet another address, expected a file`);
  if (!URL.canParse(location, url))
    throw new UserError(`${url} leads on to "${location}", expected an address`);
  return request(new URL(location, url).href, redirects - 1);
}

async function ask(url: string): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'manual' });
  } catch (error) {
    throw new UserError(`${url} cannot be reached: ${wordCause(error)}`);
  }
}

/** Between processes of one machine nobody listens. */
function requireSecure(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname))) return;
  throw new UserError(`${url} is not an https address, expected one`);
}

/** Failures of `fetch` say "fetch failed" and hide the reason. */
function wordCause(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  return cause.message || (cause as NodeJS.ErrnoException).code || message;
}
