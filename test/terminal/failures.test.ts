/** @file Runs that fail among others: reported, tried again by the next command, and no hindrance to the others. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startTd } from '../cli/background.ts';
import { type Ended, makeFolder, TINY, td } from '../cli/td.ts';

const WILD = `
extends: tiny.yaml
seeds: [0]
variants:
  wild: { schedule: { learningRate: 1e30 } }
`;
const [PLAIN, TARGETED, WILD_RUN] = [
  'plain/seed-0-69edd4d0',
  'targeted/seed-0-6753d902',
  'wild/seed-0-344f9c55',
] as const;
const DIVERGED =
  /the loss at step \d+ is NaN; a lower schedule.learningRate or a schedule.gradientClip may help/;

const place = makeFolder({ 'tiny.yaml': TINY, 'wild.yaml': WILD });
const fileOf = (run: string, name: string) => join(place.folder, 'results/wild', run, name);

interface Steps {
  readonly run: Ended;
  readonly runAgain: Ended;
  readonly sweep: Ended;
  readonly runDamaged: Ended;
}

async function work(): Promise<Steps> {
  const run = await td(place.folder, 'run', 'wild.yaml', '--threads', '1');
  const runAgain = await td(place.folder, 'run', 'wild.yaml', '--threads', '1');
  const weights = readFileSync(fileOf(TARGETED, 'checkpoint.safetensors'));
  writeFileSync(fileOf(TARGETED, 'checkpoint.safetensors'), weights.subarray(0, -1));
  const sweep = await td(place.folder, 'sweep', 'wild.yaml', '--threads', '1');
  rmSync(fileOf(TARGETED, 'summary.json'));
  rmSync(fileOf(PLAIN, ''), { recursive: true });
  place.write(`results/wild/${PLAIN}`, 'a file where the folder should be');
  const runDamaged = await td(place.folder, 'run', 'wild.yaml', '--threads', '1');
  return { run, runAgain, sweep, runDamaged };
}

describe('a run that fails', () => {
  let steps: Steps;
  beforeAll(async () => {
    steps = await work();
  });
  afterAll(() => place.remove());

  it('by divergence is named with its step, and exits 1 after the others are trained', () => {
    const { code, stdout, stderr } = steps.run;
    expect(code).toBe(1);
    expect(stderr).toMatch(/\[1\/3\] plain seed 0: trained in/);
    expect(stderr).toMatch(/\[2\/3\] targeted seed 0: trained in/);
    expect(stderr).toMatch(new RegExp(`\\[3/3\\] wild seed 0: failed: ${DIVERGED.source}\n`));
    expect(stderr).toContain(`1 run failed; the same command tries it again:\n  wild/${WILD_RUN}: the loss`);
    expect(stderr).not.toContain('next: td sweep');
    expect(stdout).toMatch(/wild +wild +0 +failed/);
  });

  it('leaves its reason in its log, and no metrics that are no numbers', () => {
    const log = readFileSync(fileOf(WILD_RUN, 'log.jsonl'), 'utf8').trim().split('\n');
    const entries = log.map((line): unknown => JSON.parse(line));
    expect(entries.at(-1)).toMatchObject({
      msg: 'training failed',
      err: { type: 'DivergedError', message: expect.stringMatching(DIVERGED) },
    });
    expect(() => readFileSync(fileOf(WILD_RUN, 'metrics.csv'))).toThrow('ENOENT');
  });

  it('is the only one that the next command trains', () => {
    const { code, stderr } = steps.runAgain;
    expect(code).toBe(1);
    expect(stderr.match(/already trained/g)).toHaveLength(2);
    expect(stderr.match(/failed: the loss/g)).toHaveLength(1);
  });

  it('because its weights are damaged is left out of a sweep, which exits 1', () => {
    const { code, stdout, stderr } = steps.sweep;
    expect(code).toBe(1);
    expect(stderr).toMatch(/\[1\/2\] wild plain seed 0: 4 evaluations in/);
    expect(stderr).toMatch(
      /\[2\/2\] wild targeted seed 0: failed: results\/wild\/targeted\/.*\/checkpoint.safetensors is damaged: /,
    );
    expect(stdout).toMatch(/^pruned +plain$/m);
  });

  it('for want of a checkpoint that is whole is none: it begins anew, with a warning', () => {
    const { code, stderr } = steps.runDamaged;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /\[2\/3\] targeted seed 0: warning: .*\/checkpoint.safetensors is damaged: .*; set aside as \*\.damaged\n/,
    );
    expect(stderr).toContain('[2/3] targeted seed 0: warning: training begins anew\n');
    expect(stderr).toMatch(/\[2\/3\] targeted seed 0: trained in/);
    expect(stderr).toContain('2 runs failed; the same command tries them again:\n');
  });

  it('because the file system refuses says so in one sentence', () => {
    expect(steps.runDamaged.stderr).toMatch(
      new RegExp(
        `\\[1/3\\] plain seed 0: failed: cannot mkdir results/wild/${PLAIN}: file already exists \\(EEXIST\\)\n`,
      ),
    );
  });
});

it('fails where its folder is taken away while it trains, and leaves nothing in its place', async () => {
  const { folder, remove } = makeFolder({ 'tiny.yaml': TINY });
  onTestFinished(remove);
  const parameters = [
    '--only',
    'plain',
    '--seeds',
    '0',
    '--threads',
    '1',
    '--set',
    'schedule.epochs=5000',
    '--set',
    'dataset.trainImages=10000',
  ];
  const run = startTd(folder, 'run', 'tiny.yaml', ...parameters);
  await run.says(/epoch 2\//);
  const [place, elsewhere] = [join(folder, 'results/tiny/plain'), join(folder, 'elsewhere')];
  renameSync(place, elsewhere);
  const { code, stderr } = await run.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/plain seed 0: failed: .* was removed while this process was at work there\n/);
  expect(existsSync(place)).toBe(false);

  // Brought back, the run goes on from its last checkpoint.
  renameSync(elsewhere, place);
  const again = startTd(folder, 'run', 'tiny.yaml', ...parameters);
  await again.says(/epoch \d+\//);
  again.child.kill('SIGTERM');
  const ended = await again.ended;
  expect(ended.code).toBe(143);
  expect(ended.stderr).not.toMatch(/epoch 1\//);
});
