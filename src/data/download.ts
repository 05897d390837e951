/** @file Downloading a file of known size. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'undici';
import { UserError } from '../errors.ts';
import { formatMegabytes } from '../format.ts';
import type { Stage } from '../progress.ts';
import { findProxies } from './proxy.ts';

/** Status codes that lead on to another address, and how often they may. */
const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 5;

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/**
 * Downloads a file over HTTPS, through a proxy where one is set, which holds for the addresses that the server leads on to, too. Not a byte more than
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
      stage.update(done, `${formatMegabytes(done)} of ${formatMegabytes(size)}`);
      yield chunk;
    }
  };
  try {
    await pipeline(count, createWriteStream(path));
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw new UserError(
      `the download of ${url} broke off after ${done} of ${size} bytes: ${describeCause(error)}`,
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
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  // Between processes of one machine there is no proxy.
  const dispatcher = isLoopback(url) ? undefined : new EnvHttpProxyAgent(await findProxies());
  try {
    return await fetch(url, { redirect: 'manual', ...(dispatcher !== undefined && { dispatcher }) });
  } catch (error) {
    throw new UserError(`${url} cannot be reached: ${describeCause(error)}`);
  }
}

function isLoopback(url: string): boolean {
  return LOOPBACK.includes(new URL(url).hostname);
}

/** Between processes of one machine nobody listens. */
function requireSecure(url: string): void {
  const { protocol } = new URL(url);
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(url))) return;
  throw new UserError(`${url} is not an https address, expected one`);
}

/** Failures of `fetch` say "fetch failed" and hide the reason, that of a proxy one layer deeper. */
function describeCause(error: unknown): string {
  const { message, cause, code = '' } = error as NodeJS.ErrnoException;
  if (cause instanceof Error) return describeCause(cause);
  const [, status] = /^Proxy response \((\d+)\)/.exec(message) ?? [];
  if (status !== undefined) return `the proxy answers ${status}`;
  // Networks that look into https have a certificate of their own.
  const isForeign = /CERT|UNABLE_TO_(GET|VERIFY)/.test(code);
  const remedy = isForeign ? '; NODE_EXTRA_CA_CERTS=FILE names certificates to be trusted, too' : '';
  return `${message || code}${remedy}`;
}
