/** @file Wheels are unpacked by Python, in part, and never outside their folder. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InstallationError } from '../../../../src/engines/tensorflow/installation/errors.ts';
import { unpackWheel } from '../../../../src/engines/tensorflow/installation/unpack.ts';
import { listFiles } from '../../../cli/td.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { HAS_PIP, PYTHON, writeFiles } from './fakes.ts';

const ZIP = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for name, content in json.loads(sys.argv[2]).items():
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (0o755 if name.endswith("ptxas") else 0o644) << 16
        archive.writestr(entry, content * (5 << 20 if content == "long" else 1))
`;

function zip(files: Readonly<Record<string, string>>): string {
  const path = join(temporaryFolder(), 'ä wheel.whl');
  expect(spawnSync('python3', ['-c', ZIP, path, JSON.stringify(files)]).status).toBe(0);
  return path;
}

async function unpack(wheel: string, beginnings: readonly string[] = []) {
  const folder = join(temporaryFolder(), 'into thïs');
  writeFiles(folder, {});
  const seen: number[] = [];
  const stage = { update: (done: number) => void seen.push(done), stop() {} };
  await unpackWheel(wheel, folder, beginnings, { ...PYTHON, tensorflow: [] }, stage);
  return { folder, seen };
}

describe.runIf(HAS_PIP)('a wheel', () => {
  it('is unpacked where its paths begin as asked, with the permission to run', async () => {
    const wheel = zip({ 'a/x.txt': 'x', 'a/bin/ptxas': 'program', 'b/y.txt': 'y' });
    const { folder } = await unpack(wheel, ['a/', 'c/']);
    expect(listFiles(folder)).toEqual(['a/bin/ptxas', 'a/x.txt']);
    expect(readFileSync(join(folder, 'a/x.txt'), 'utf8')).toBe('x');
    expect(statSync(join(folder, 'a/bin/ptxas')).mode & 0o111).toBe(0o111);
    expect(statSync(join(folder, 'a/x.txt')).mode & 0o111).toBe(0);
  });

  it('that is large tells of its progress in bytes', async () => {
    const { seen } = await unpack(zip({ large: 'long' }));
    expect(seen.length).toBeGreaterThan(0);
    expect(Math.max(...seen)).toBe(20 * 2 ** 20);
  });

  it.each(['../outside.txt', '/tmp/td-outside-of-everything.txt', 'a/../../outside.txt'])(
    'with a file named %s is refused, and nothing is written there',
    async (name) => {
      const wheel = zip({ [name]: 'x' });
      await expect(unpack(wheel)).rejects.toThrow(
        new InstallationError(`cannot unpack ${wheel}: it holds a file outside its folder: '${name}'`),
      );
      expect(existsSync('/tmp/td-outside-of-everything.txt')).toBe(false);
    },
  );

  it('that is none, or cut off, is refused in a sentence', async () => {
    const whole = zip({ 'a.txt': 'x'.repeat(1000) });
    writeFileSync(whole, readFileSync(whole).subarray(0, 500));
    await expect(unpack(whole)).rejects.toThrow(`cannot unpack ${whole}: File is not a zip file`);
  });
});
