/** @file The log of a run on standard error: JSON elsewhere, pretty in a terminal. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { execute, listFiles, makeFolder, TD, TINY, td } from './td.ts';

const place = makeFolder({ 'tiny.yaml': TINY });
afterAll(() => place.remove());

const RUN = ['run', 'tiny.yaml', '--only', 'plain', '--seeds', '0', '--threads', '1', '--verbose'];
const MESSAGES = ['training begins', 'epoch done', 'training done'];

describe('td run --verbose', () => {
  it('writes the same lines of JSON to standard error as to the log of the run', async () => {
    const { code, stderr } = await td(place.folder, ...RUN, '--results', 'plain');
    const [log] = listFiles(place.folder).filter(
      (file) => file.startsWith('plain') && file.endsWith('log.jsonl'),
    );
    const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
    expect(code).toBe(0);
    expect(`${lines.join('\n')}\n`).toBe(readFileSync(join(place.folder, log ?? ''), 'utf8'));
    expect([...new Set(lines.map((line) => JSON.parse(line).msg))]).toEqual(MESSAGES);
  });

  it.skipIf(!existsSync('/usr/bin/script'))('is written for people in a terminal', async () => {
    const line = [process.execPath, TD, ...RUN, '--results', 'terminal'].map((word) => `'${word}'`).join(' ');
    const { code, stdout } = await execute('script', ['-qec', line, '/dev/null'], place.folder, {
      NO_COLOR: '1',
    });
    expect(code).toBe(0);
    for (const message of MESSAGES) expect(stdout).toContain(`INFO: ${message}`);
    expect(stdout).not.toContain('"msg"');
  });
});
