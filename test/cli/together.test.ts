/** @file Several processes at work on one experiment: each run is trained once, and no row of the tables is lost. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomeOwner, type LockOwner } from '../../src/results/lock-owner.ts';
import { startTd } from './background.ts';
import { listFiles, makeFolder, TINY } from './td.ts';

const RUNS = [
  'plain/seed-0-69edd4d0',
  'plain/seed-1-69edd4d0',
  'targeted/seed-0-3674de4f',
  'targeted/seed-1-3674de4f',
] as const;

const place = makeFolder({ 'tiny.yaml': TINY });
afterAll(() => place.remove());

const pathOf = (results: string, path: string) => join(place.folder, results, 'tiny', path);
const read = (results: string, path: string) => readFileSync(pathOf(results, path), 'latin1');

function start(results: string, command: string, ...flags: readonly string[]) {
  return startTd(place.folder, command, 'tiny.yaml', '--threads', '1', '--results', results, ...flags);
}

/** The words of a run's log, in order. */
function logOf(results: string, run: string): string[] {
  const lines = read(results, `${run}/log.jsonl`).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

/** The files of an experiment that hold no times. */
function resultsOf(results: string): Record<string, string> {
  const kept = listFiles(join(place.folder, results)).filter((path) =>
    /(metrics|sweep|table-\w+)\.csv$|\.safetensors$/.test(path),
  );
  return Object.fromEntries(
    kept.map((path) => [path, readFileSync(join(place.folder, results, path), 'latin1')]),
  );
}

beforeAll(async () => {
  expect(await start('alone', 'run').ended).toMatchObject({ code: 0 });
  expect(await start('alone', 'sweep').ended).toMatchObject({ code: 0 });
}, 60_000);

describe('two processes that train one experiment', () => {
  it('share its runs, and end with the files of one process alone; so do two that sweep it', async () => {
    const [skipping, waiting] = await Promise.all([
      start('shared', 'run').ended,
      start('shared', 'run', '--when-busy', 'wait').ended,
    ]);
    expect([skipping.code, waiting.code]).toEqual([0, 0]);
    for (const run of RUNS) {
      expect(logOf('shared', run), run).toEqual([
        'training begins',
        'epoch done',
        'epoch done',
        'training done',
      ]);
    }
    // The one that waits has seen all of them done.
    expect(waiting.stdout.match(/ \d+\.\d+ %/g)).toHaveLength(4);
    expect(waiting.stderr).toContain('next: td sweep tiny.yaml');
    const trained = [skipping, waiting].map(({ stderr }) => stderr.match(/: trained in /g)?.length ?? 0);
    expect((trained[0] ?? 0) + (trained[1] ?? 0)).toBe(4);

    const sweeps = await Promise.all([start('shared', 'sweep').ended, start('shared', 'sweep').ended]);
    expect(sweeps.map(({ code }) => code)).toEqual([0, 0]);
    expect(resultsOf('shared')).toEqual(resultsOf('alone'));
  });
});

describe('a run that another process trains', () => {
  const lockPath = pathOf('alone', `${RUNS[0]}/lock.json`);
  const summaryPath = pathOf('alone', `${RUNS[0]}/summary.json`);

  it('is skipped with a line that says whose it is, or waited for until it is free', async () => {
    const summary = readFileSync(summaryPath);
    rmSync(summaryPath);
    const owner: LockOwner = { ...becomeOwner(), host: 'elsewhere', processSpace: 'another boot' };
    writeFileSync(lockPath, JSON.stringify(owner));
    const [skipping, waiting] = [start('alone', 'run'), start('alone', 'run', '--when-busy', 'wait')];
    const line = /\[1\/4\] plain seed 0: is trained by process \d+ on elsewhere since [\d :-]+ UTC, /;
    const skipped = await skipping.ended;
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toMatch(new RegExp(`${line.source}skipped\n`));
    expect(skipped.stderr).toMatch(
      /\n1 run skipped, which other processes train; --when-busy wait waits for it\n$/,
    );
    expect(skipped.stdout).toMatch(/^tiny +plain +0 +under way/m);
    await waiting.says(new RegExp(`${line.source}to be waited for\n`));
    writeFileSync(summaryPath, summary);
    expect(await waiting.ended).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('[1/4] plain seed 0: already trained'),
    });
  });
});
