/** @file Folders that cannot be written to: told in a sentence, with what can be done still done. */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listFiles, makeFolder, TD, TINY } from './td.ts';

/** The administrator may write everywhere; nobody may not. */
const NOBODY = 65_534;
const isAdministrator = process.getuid?.() === 0;
const user = isAdministrator ? { uid: NOBODY, gid: NOBODY } : {};

const place = makeFolder({ 'tiny.yaml': TINY });
afterAll(() => {
  chmodSync(join(place.folder, 'results'), 0o755);
  place.remove();
});

/** Runs td as a user who is subject to permissions. */
function td(...parameters: readonly string[]): Promise<{ code: unknown; stderr: string }> {
  const options = { cwd: place.folder, ...user, env: { ...process.env, HOME: place.folder } };
  return new Promise((resolve) => {
    execFile(process.execPath, [TD, ...parameters], options, (error, _, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

/** Windows knows no such permissions, and the program may lie where nobody else may read. */
function canTest(): boolean {
  if (process.platform === 'win32') return false;
  try {
    const look = `require('node:fs').accessSync(${JSON.stringify(TD)})`;
    execFileSync(process.execPath, ['--eval', look], { ...user, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!canTest())('a folder without permission to write', () => {
  it('is refused as a results folder, and as an experiment within one fails each run with a sentence', async () => {
    chmodSync(place.folder, 0o755);
    const folder = join(place.folder, 'results/tiny');
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o555);
    chmodSync(join(place.folder, 'results'), 0o777);
    const failed = await td('run', 'tiny.yaml', '--threads', '1');
    expect(failed.code, failed.stderr).toBe(1);
    expect(
      failed.stderr.match(/: failed: cannot mkdir results\/tiny\/\S+: permission denied \(EACCES\)\n/g),
    ).toHaveLength(4);

    chmodSync(join(place.folder, 'results'), 0o555);
    expect(await td('run', 'tiny.yaml', '--threads', '1')).toEqual({
      code: 2,
      stderr: 'td: --results: results cannot be written to, expected a folder that can\n',
    });
    expect(listFiles(place.folder)).toEqual(['tiny.yaml']);
  });
});
