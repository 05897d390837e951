/** @file Several processes at work on one experiment: each run is trained once, and no row of the tables is lost. */
import { cpSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomeOwner, type LockOwner } from '../../src/locks/owner.ts';
import { startTd } from './background.ts';
import { type Ended, listFiles, makeFolder, TINY } from './td.ts';

const RUNS = [
  'plain/seed-0-69edd4d0',
  'plain/seed-1-69edd4d0',
  'targeted/seed-0-6753d902',
  'targeted/seed-1-6753d902',
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
  expect(await start('alone', 'sweep', '--no-figures').ended).toMatchObject({ code: 0 });
});

/** Trains and then sweeps one experiment with several processes, every second of which waits for the others. */
async function workTogether(results: string, processes: number): Promise<Ended[]> {
  const numbers = Array.from({ length: processes }, (_, number) => number);
  const flagsOf = (number: number) => (number % 2 === 1 ? ['--when-busy', 'wait'] : []);
  const trained = await Promise.all(numbers.map((number) => start(results, 'run', ...flagsOf(number)).ended));
  const swept = await Promise.all(numbers.map(() => start(results, 'sweep', '--no-figures').ended));
  // Who finds all that is left in the hands of others has nothing to show, and says so.
  const isIdle = ({ stderr }: Ended) =>
    !/: trained in /.test(stderr) && / skipped, which other /.test(stderr);
  expect(trained.map(({ code }) => code)).toEqual(trained.map((process) => (isIdle(process) ? 75 : 0)));
  expect(swept.map(({ code }) => code)).toEqual(Array(processes).fill(0));
  return trained;
}

describe.each([2, 4])('%i processes at work on one experiment', (processes) => {
  it('train each run once, lose no row of its sweep, and end with the files of one process alone', async () => {
    const results = `by ${processes}`;
    const trained = await workTogether(results, processes);
    for (const run of RUNS) {
      expect(logOf(results, run), run).toEqual([
        'training begins',
        'epoch done',
        'epoch done',
        'training done',
      ]);
    }
    const counts = trained.map(({ stderr }) => stderr.match(/: trained in /g)?.length ?? 0);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(RUNS.length);
    // Those that wait have seen all of them done.
    for (const { stdout, stderr } of trained.filter((_, number) => number % 2 === 1)) {
      expect(stdout.match(/ \d+\.\d+ %/g)).toHaveLength(RUNS.length);
      expect(stderr).toContain('next: td sweep tiny.yaml');
    }
    expect(resultsOf(results)).toEqual(resultsOf('alone'));
    const left = listFiles(join(place.folder, results)).filter((path) => /tmp|lock|previous/.test(path));
    expect(left).toEqual([]);
  });
});

describe('a sweep in parts', () => {
  it('ends with the files of one that is made at once', async () => {
    cpSync(join(place.folder, 'alone'), join(place.folder, 'parts'), { recursive: true });
    rmSync(pathOf('parts', 'sweep.csv'));
    const parts = [
      ['--prune', '0.5', '--granularity', 'unit'],
      ['--prune', '0,0.5'],
    ];
    for (const flags of parts) {
      expect(await start('parts', 'sweep', '--no-figures', ...flags).ended).toMatchObject({ code: 0 });
    }
    expect(resultsOf('parts')).toEqual(resultsOf('alone'));
  });
});

/** A process on another machine, heard of this moment. */
function remoteOwner(): LockOwner {
  return { ...becomeOwner(), host: 'elsewhere', processSpace: 'another boot', since: '2025-01-31T12:00:05Z' };
}

/** On this machine, but in another PID namespace, as in another container: its process cannot be looked for. */
function secludedOwner(): LockOwner {
  return { ...remoteOwner(), host: hostname() };
}

describe.each([
  ['on another machine', remoteOwner, 'elsewhere'],
  ['in another PID namespace', secludedOwner, hostname()],
])('a command that waits for a process %s', (where, ownerOf, host) => {
  const HOLDER = `process \\d+ on ${host} since 2025-01-31 12:00:05 UTC`;

  it.each([
    [
      'a sweep',
      'sweep.lock.json',
      ['sweep', '--no-figures'],
      `waiting for .*sweep\\.lock\\.json, which ${HOLDER} holds\n`,
    ],
    [
      'a training',
      `${RUNS[0]}/lock.json`,
      ['run', '--when-busy', 'wait'],
      `waiting for ${HOLDER}, who trains \\[1/4\\] plain seed 0\n`,
    ],
    [
      'a training that shows its log',
      `${RUNS[0]}/lock.json`,
      ['run', '--when-busy', 'wait', '--verbose'],
      `waiting for ${HOLDER}, who trains`,
    ],
  ] as const)(
    'says for whom and since when, and ends at the first Ctrl-C: %s',
    async (name, lock, words, sentence) => {
      const results = `wait ${name} ${where}`;
      cpSync(join(place.folder, 'alone'), join(place.folder, results), { recursive: true });
      if (words[0] === 'run') rmSync(pathOf(results, `${RUNS[0]}/summary.json`));
      writeFileSync(pathOf(results, lock), JSON.stringify(ownerOf()));
      const [command, ...flags] = words;
      const waiting = start(results, command, ...flags);
      await waiting.says(new RegExp(sentence));
      waiting.child.kill('SIGINT');
      expect((await waiting.ended).code).toBe(130);
    },
  );

  it('says whom it looks for where that one has been silent for long, and ends at the first Ctrl-C', async () => {
    const results = `silent ${where}`;
    cpSync(join(place.folder, 'alone'), join(place.folder, results), { recursive: true });
    rmSync(pathOf(results, `${RUNS[0]}/summary.json`));
    const lock = pathOf(results, `${RUNS[0]}/lock.json`);
    writeFileSync(lock, JSON.stringify(ownerOf()));
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(lock, hourAgo, hourAgo);
    const waiting = start(results, 'run');
    await waiting.says(
      new RegExp(`plain seed 0: ${HOLDER} was not heard of for long; looking for a sign of it`),
    );
    waiting.child.kill('SIGINT');
    expect((await waiting.ended).code).toBe(130);
  });
});

describe('a run that another process trains', () => {
  const lockPath = pathOf('alone', `${RUNS[0]}/lock.json`);
  const summaryPath = pathOf('alone', `${RUNS[0]}/summary.json`);

  it('is skipped with a line that says whose it is, or waited for until it is free', async () => {
    const summary = readFileSync(summaryPath);
    rmSync(summaryPath);
    writeFileSync(lockPath, JSON.stringify(remoteOwner()));
    const [skipping, waiting] = [start('alone', 'run'), start('alone', 'run', '--when-busy', 'wait')];
    const line = /\[1\/4\] plain seed 0: is trained by process \d+ on elsewhere since [\d :-]+ UTC, /;
    const skipped = await skipping.ended;
    expect(skipped.code).toBe(75);
    expect(skipped.stderr).toMatch(new RegExp(`${line.source}skipped\n`));
    expect(skipped.stderr).toMatch(
      /\n1 run skipped, which other processes train; --when-busy wait waits for it\n$/,
    );
    expect(skipped.stdout).toMatch(/^tiny +plain +0 +under way/m);
    await waiting.says(new RegExp(`${line.source}to be waited for\n`));
    await waiting.says(
      /\nwaiting for process \d+ on elsewhere since [\d :-]+ UTC, who trains \[1\/4\] plain seed 0\n/,
    );
    writeFileSync(summaryPath, summary);
    expect(await waiting.ended).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('[1/4] plain seed 0: already trained'),
    });
  });
});
