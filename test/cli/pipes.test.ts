/** @file Readers that stop reading early, as `head` does. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { execute, makeFolder, TD, TINY } from './td.ts';

const place = makeFolder({ 'tiny.yaml': TINY });
afterAll(() => place.remove());

/** Runs a line of shell in which `td` stands for the program; it fails if any part of a pipe does. */
function shell(line: string) {
  const define = `td() { '${process.execPath}' '${TD}' "$@"; }`;
  return execute('bash', ['-c', `set -o pipefail; ${define}; ${line}`], place.folder);
}

describe.skipIf(!existsSync('/bin/bash'))('a pipe that is closed early', () => {
  it('ends a command that prints much, quietly and well', async () => {
    const ended = await shell('td run tiny.yaml --print-config --seeds $(seq -s, 0 15000) | head -n 1');
    expect(ended).toEqual({ code: 0, stdout: 'name: tiny\n', stderr: '' });
  });

  it('does not stop a training whose progress nobody reads any more', async () => {
    const ended = await shell('td run tiny.yaml --only plain --threads 1 2>&1 >table.txt | head -n 1');
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^engine onnx .*\n$/), stderr: '' });
    for (const seed of [0, 1]) {
      expect(existsSync(join(place.folder, `results/tiny/plain/seed-${seed}-69edd4d0/summary.json`))).toBe(
        true,
      );
    }
  });
});
