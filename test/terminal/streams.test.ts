/** @file Outputs that are full, closed or gone: what is only shown may be lost, what was asked for may not. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTd } from '../cli/background.ts';
import { type Ended, execute, listFiles, makeFolder, TD, TINY } from '../cli/td.ts';

const place = makeFolder({ 'tiny.yaml': TINY });
afterAll(() => place.remove());

const ONE_RUN = 'run tiny.yaml --only plain --seeds 0 --threads 1';
const FULL = 'standard output cannot be written: no space left on device (ENOSPC)';

/** Runs a line of shell in which `td` stands for the program. */
function shell(line: string): Promise<Ended> {
  return execute('bash', ['-c', `td() { '${process.execPath}' '${TD}' "$@"; }; ${line}`], place.folder);
}

const fileOf = (results: string, name: string): string => {
  const path = listFiles(join(place.folder, results)).find((file) => file.endsWith(`/${name}`));
  return join(place.folder, results, path ?? `no ${name}`);
};

/** Warnings in the log of the only run in a results folder. */
function warningsIn(results: string): string[] {
  const lines = readFileSync(fileOf(results, 'log.jsonl'), 'utf8').trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { level: number; msg: string });
  return entries.filter(({ level }) => level === 40).map(({ msg }) => msg);
}

describe.skipIf(!existsSync('/dev/full'))('what a command was asked to print', () => {
  beforeAll(async () => {
    expect(await shell(`td ${ONE_RUN} && td sweep tiny.yaml --threads 1 --no-figures`)).toMatchObject({
      code: 0,
    });
  });

  it.each([
    'table tiny',
    'table tiny --format csv --granularity weight',
    'table tiny --json',
    'list',
    'list --json',
    'show tiny/plain/0',
    'run tiny.yaml --dry-run --no-measure',
    'run tiny.yaml --print-config',
    'sweep tiny.yaml --no-figures --threads 1',
    'baseline tiny --out baseline.csv',
    'data list',
    'engines',
    '--help',
    'run --help',
    '--version',
  ])('is missed if the disk is full: td %s', async (words) => {
    const { code, stderr } = await shell(`td ${words} > /dev/full`);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(`td: ${FULL}`);
    expect(code).toBe(1);
  });

  it('is missed if the disk fills half way', async () => {
    // A file of one block is what `ulimit` lets it write.
    const many = '--seeds $(seq -s, 0 5000)';
    const { code, stderr } = await shell(`ulimit -f 1; td run tiny.yaml --print-config ${many} > half.yaml`);
    expect(readFileSync(join(place.folder, 'half.yaml'))).toHaveLength(1024);
    expect(stderr).toBe('td: standard output cannot be written: file too large (EFBIG)\n');
    expect(code).toBe(1);
  });

  it('is missed if standard output cannot be written to at all', async () => {
    const { code, stderr } = await shell('td list 1< tiny.yaml');
    expect(stderr).toBe('td: standard output cannot be written: bad file descriptor (EBADF)\n');
    expect(code).toBe(1);
  });
});

describe.skipIf(!existsSync('/dev/full'))('a training', () => {
  it.each([
    ['its progress', '', '2> /dev/full'],
    ['its log', '--verbose', '2> /dev/full'],
    ['all that it shows', '', '> /dev/full 2>&1'],
  ])('goes on if %s cannot be written, and its own log says so once', async (what, flags, redirection) => {
    const results = `full, ${what}`;
    const { code } = await shell(`td ${ONE_RUN} ${flags} --results '${results}' ${redirection}`);
    expect(code).toBe(0);
    expect(existsSync(fileOf(results, 'summary.json'))).toBe(true);
    expect(warningsIn(results)).toEqual([
      'standard error cannot be written: no space left on device (ENOSPC); from there on what is shown may be lost',
    ]);
  });

  it('is done even if its table cannot be written', async () => {
    const { code, stderr } = await shell(`td ${ONE_RUN} --results table > /dev/full`);
    expect(stderr).toContain(`\ntd: warning: ${FULL}\n`);
    expect(code).toBe(0);
  });

  it('goes on if its own log cannot be written', async () => {
    await shell(`td ${ONE_RUN} --results known`);
    const folder = dirname(fileOf('known', 'summary.json')).replace('known', 'no log');
    mkdirSync(folder, { recursive: true });
    symlinkSync('/dev/full', join(folder, 'log.jsonl'));
    expect(await shell(`td ${ONE_RUN} --results 'no log'`)).toMatchObject({ code: 0 });
    expect(readdirSync(folder)).toContain('summary.json');
  });
});

describe('a hang-up', () => {
  const LONG = ['--set', 'schedule.epochs=200'] as const;

  it('does not end a training, whose log says that it came', async () => {
    const training = startTd(place.folder, ...ONE_RUN.split(' '), ...LONG, '--results', 'hang-up');
    await training.says(/: epoch 1\/200/);
    training.child.kill('SIGHUP');
    expect(await training.ended).toMatchObject({ code: 0 });
    expect(warningsIn('hang-up')).toEqual(['a hang-up (SIGHUP) came; the training goes on']);
  });

  it('does not end what has no terminal, as nohup starts it', async () => {
    const serving = startTd(place.folder, 'report', '--serve');
    await serving.says(/shown to this machine alone/);
    serving.child.kill('SIGHUP');
    await sleep(200);
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 143 });
  });

  it.skipIf(!existsSync('/usr/bin/script'))('ends what is shown in a terminal alone', async () => {
    const isShown = 'until grep -q http address; do sleep 0.1; done';
    const typed = `'${process.execPath}' '${TD}' report --serve > address & ${isShown}; kill -HUP $!; wait $!; echo "code $?"`;
    const { stdout } = await execute('script', ['-qec', typed, '/dev/null'], place.folder);
    expect(stdout).toContain('code 129');
  });

  it.skipIf(!existsSync('/usr/bin/script')).each([
    ['hangs up', ''],
    ['falls silent', 'setsid -w'],
  ])('a terminal that %s does not end a training', async (_, prefix) => {
    const results = `terminal ${prefix}`;
    const words = [...ONE_RUN.split(' '), ...LONG, '--results', results].map((word) => `'${word}'`);
    const typed = `trap '' HUP; ${prefix} '${process.execPath}' '${TD}' ${words.join(' ')}; echo $? > '${results}.code'`;
    const terminal = spawn('script', ['-qec', typed, '/dev/null'], { cwd: place.folder, stdio: 'ignore' });
    const isThere = (name: string) =>
      existsSync(join(place.folder, results)) && existsSync(fileOf(results, name));
    while (!isThere('metrics.csv')) await sleep(50);
    terminal.kill('SIGKILL');
    const code = join(place.folder, `${results}.code`);
    while (!existsSync(code) || readFileSync(code, 'utf8') === '') await sleep(50);
    expect(readFileSync(code, 'utf8')).toBe('0\n');
    expect(isThere('summary.json')).toBe(true);
    expect(warningsIn(results)).toContainEqual(
      expect.stringContaining('standard error cannot be written: i/o error (EIO)'),
    );
  });
});
