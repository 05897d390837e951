/** @file Signals: td saves what it has, says how to go on, and ends with the code that a shell expects. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startTd } from '../cli/background.ts';
import { type Ended, execute, listFiles, makeFolder, TD, td } from '../cli/td.ts';

/** Runs of 1,920 steps and some seconds each, and a sweep of 496 prunings of each: a test that is slow to act still finds them at it. */
const LONG = `
dataset: { name: mnist, trainImages: 4096, testImages: 2000 }
model: { name: mlp, widths: [64, 32] }
schedule: { learningRate: 0.1, batchSize: 64, epochs: 30 }
sweep: { prune: "0:0.99:0.002", granularity: unit }
variants:
  plain: { regularizer: { name: none } }
  other: { regularizer: { name: dropout, granularity: unit, dropRate: 0.1 } }
`;

const place = makeFolder({ 'long.yaml': LONG });
afterAll(() => place.remove());

const runFolder = (results: string, variant: string) => {
  const folder = join(place.folder, results, 'long', variant);
  return join(folder, readdirSync(folder)[0] ?? '');
};
const filesOf = (results: string, variant: string) =>
  ['metrics.csv', 'checkpoint.safetensors'].map((name) =>
    readFileSync(join(runFolder(results, variant), name), 'latin1'),
  );
const TRAIN = ['run', 'long.yaml', '--threads', '1', '--results'] as const;

beforeAll(async () => {
  expect(await td(place.folder, ...TRAIN, 'whole')).toMatchObject({ code: 0 });
});

/**
 * Trains in the results folder "cut here" until an epoch is done, and sends signals then.
 *
 * @param epoch a pattern of its number
 */
async function interruptAfter(epoch: string, ...signals: readonly NodeJS.Signals[]): Promise<Ended> {
  const training = startTd(place.folder, ...TRAIN, 'cut here');
  await training.says(new RegExp(`: epoch ${epoch}/30`));
  for (const signal of signals) training.child.kill(signal);
  return training.ended;
}

describe('a training', () => {
  it('that is interrupted again and again saves, says how to go on, and ends with the same bytes', async () => {
    const first = await interruptAfter('[2-9]', 'SIGINT');
    expect(first).toMatchObject({ code: 130, stdout: '' });
    expect(first.stderr).toMatch(
      /\n\[1\/2\] plain seed 0: interrupted, saved after step \d+ \(epoch \d of 30 done\)\n/,
    );
    expect(first.stderr.trim().split('\n').at(-1)).toBe(
      "td: interrupted by SIGINT; to go on: td run long.yaml --threads 1 --results 'cut here'",
    );
    expect(readdirSync(join(place.folder, 'cut here/long'))).toEqual(['plain']);
    expect(existsSync(join(runFolder('cut here', 'plain'), 'lock.json'))).toBe(false);

    const second = await interruptAfter('[3-9]', 'SIGTERM');
    const [step = ''] = /(?<=saved after step )\d+/.exec(first.stderr) ?? [];
    expect(second.code).toBe(143);
    expect(second.stderr).toContain(`plain seed 0: goes on after step ${step} (epoch`);

    // Schedulers send USR1 before they end a job.
    const third = await interruptAfter('[4-9]', 'SIGUSR1');
    expect(third.code).toBe(143);
    expect(third.stderr).toMatch(
      /interrupted, saved after step \d+ .*\ntd: interrupted by SIGUSR1; to go on: td run /s,
    );

    // A second signal ends at once, whatever is being written.
    expect([130, 143]).toContain((await interruptAfter('[5-9]', 'SIGINT', 'SIGTERM')).code);

    expect(await td(place.folder, ...TRAIN, 'cut here', '--only', 'plain')).toMatchObject({ code: 0 });
    expect(filesOf('cut here', 'plain')).toEqual(filesOf('whole', 'plain'));
    const left = listFiles(join(place.folder, 'cut here')).filter((path) =>
      /tmp|previous|next|lock/.test(path),
    );
    expect(left).toEqual([]);
  });
});

describe('a signal', () => {
  it('in a sweep keeps the rows so far, which the next sweep does not compute again', async () => {
    const sweep = ['sweep', 'long.yaml', '--threads', '1', '--results', 'whole'] as const;
    const sweeping = startTd(place.folder, ...sweep);
    await sweeping.says(/other seed 0: 496 evaluations in/);
    sweeping.child.kill('SIGINT');
    const { code, stderr } = await sweeping.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('to go on: td sweep long.yaml --threads 1 --results whole\n');
    // A machine that is busy may not have come to the first one.
    const [, computed = '0'] = /plain seed 0: (\d+) evaluations? in/.exec(stderr) ?? [];
    expect(Number(computed)).toBeLessThan(496);
    const table = readFileSync(join(place.folder, 'whole/long/sweep.csv'), 'utf8');
    expect(table.trim().split('\n')).toHaveLength(1 + 496 + Number(computed));
    const next = await td(place.folder, ...sweep);
    expect(next.code).toBe(0);
    expect(next.stderr).toMatch(/other seed 0: 0 evaluations in [\d.]+ s, 496 known already/);
    const known = computed === '0' ? '' : `, ${computed} known`;
    expect(next.stderr).toMatch(
      new RegExp(`plain seed 0: ${496 - Number(computed)} evaluations in [\\d.]+ s${known}`),
    );
  });

  it('ends at once what has nothing to save, and so does a second one whatever is under way', async () => {
    vi.resetModules();
    const { interruptible, listenForSignals } = await import('../../src/terminal/interruption.ts');
    const exits: number[] = [];
    const earlier = new Set(process.listeners('SIGTERM'));
    listenForSignals((exitCode) => exits.push(exitCode));
    const [listener] = process.listeners('SIGTERM').filter((one) => !earlier.has(one));
    listener?.('SIGTERM');
    expect(exits).toEqual([143]);
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    onTestFinished(() => clock.mockRestore());
    const stopped = interruptible(async (signal) => {
      listener?.('SIGTERM');
      expect(exits).toEqual([143]);
      // npm hands on what the terminal has sent already.
      now = 400;
      listener?.('SIGTERM');
      expect(exits).toEqual([143]);
      now = 600;
      listener?.('SIGTERM');
      signal.throwIfAborted();
    });
    await expect(stopped).rejects.toMatchObject({ name: 'InterruptedError', exitCode: 143 });
    expect(exits).toEqual([143, 143]);
  });
});

describe.skipIf(!existsSync('/usr/bin/script'))('Ctrl-C in a terminal', () => {
  it('takes the bar away and shows the cursor again', async () => {
    const begun = `for tenth in $(seq 6000); do ls terminal/long/plain/*/checkpoint.json >/dev/null 2>&1 && break; sleep 0.1; done`;
    const typed = `stty columns 120 rows 40; '${process.execPath}' '${TD}' run long.yaml --set schedule.epochs=500 --only plain --threads 1 --results terminal & ${begun}; kill -INT $!; wait $!; echo "code $?"`;
    const { stdout } = await execute('/usr/bin/script', ['-qec', typed, '/dev/null'], place.folder, {
      TERM: 'xterm',
      NO_COLOR: '',
    });
    expect(stdout).toMatch(/interrupted, saved after step \d+/);
    expect(stdout).toContain('code 130');
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
    expect(stdout.lastIndexOf('\u001b[?7h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?7l'));
  });
});
