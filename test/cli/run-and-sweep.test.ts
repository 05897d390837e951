/** @file The way of a user: plan, run, list, sweep, again, with more rates, and all of it elsewhere. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Journey, parseRecords } from './journey.ts';
import { listFiles, TINY } from './td.ts';

const RUNS = [
  'plain/seed-0-69edd4d0',
  'plain/seed-1-69edd4d0',
  'targeted/seed-0-6753d902',
  'targeted/seed-1-6753d902',
] as const;

const RUN_FILES = [
  'checkpoint.json',
  'checkpoint.safetensors',
  'config.yaml',
  'environment.json',
  'log.jsonl',
  'metrics.csv',
  'summary.json',
];

const SWEEP_HEADER =
  'experiment,variant,seed,granularity,prune_rate,sparsity,parameters_total,parameters_kept,accuracy,loss,test_images,run_id,evaluation,draws,recalibrated,multiply_adds_total,multiply_adds_kept';

const journey = new Journey({ 'tiny.yaml': TINY });
const checkpointTimes = () => RUNS.map((run) => journey.timeOf(`first/tiny/${run}/checkpoint.safetensors`));

/** What was said and what lay in sweep.csv, step by step. */
async function workInFirst() {
  const plan = await journey.type('run tiny.yaml --dry-run --results first');
  const filesAfterPlan = listFiles(journey.folder);
  const run = await journey.type('run tiny.yaml --results first');
  const sweep = await journey.type('sweep tiny.yaml --results first');
  const table = journey.read('first/tiny/sweep.csv');
  const times = checkpointTimes();
  const planMore = await journey.type('run tiny.yaml --dry-run --seeds 1,2 --results first');
  const planWithoutMeasuring = await journey.type('run tiny.yaml --dry-run --no-measure --results elsewhere');
  const runAgain = await journey.type('run tiny.yaml --results first');
  const sweepAgain = await journey.type('sweep --results first --prune 0,0.5');
  const tableAgain = journey.read('first/tiny/sweep.csv');
  const sweepMore = await journey.type('sweep tiny.yaml --results first --prune 0.9 --granularity unit');
  const list = await journey.type('list tiny --results first');
  const json = await journey.type('list --json --results first');
  return {
    plan,
    filesAfterPlan,
    run,
    sweep,
    table,
    times,
    planMore,
    planWithoutMeasuring,
    runAgain,
    sweepAgain,
    tableAgain,
    sweepMore,
    list,
    json,
  };
}

/** The same from the resolved settings that td itself printed, as a file of another name. */
async function workInSecond() {
  const printed = await journey.type('run tiny.yaml --print-config');
  journey.write('printed/other.yaml', printed.stdout);
  await journey.type('run printed/other.yaml --results second');
  const sweep = await journey.type('sweep printed/other.yaml --results second');
  const plan = await journey.type('run printed/other.yaml --dry-run --results second');
  return { sweep, plan };
}

let first: Awaited<ReturnType<typeof workInFirst>>;
let second: Awaited<ReturnType<typeof workInSecond>>;
beforeAll(async () => {
  first = await workInFirst();
  second = await workInSecond();
});
afterAll(() => journey.end());

describe('td run', () => {
  it('--dry-run lists the runs and how long they will take, timing each program once, and writes nothing', () => {
    const { stdout, stderr } = first.plan;
    const [header, ...lines] = stdout.split('\n');
    expect(header).toMatch(
      /^cell +experiment +variant +seed +state +epochs +time left +memory +estimated from +folder$/,
    );
    expect(lines.slice(0, 4)).toEqual(
      RUNS.map((run, index) => {
        const [, variant, seed] = /^(\w+)\/seed-(\d)/.exec(run) ?? [];
        return expect.stringMatching(
          new RegExp(
            `^${index} +tiny +${variant} +${seed} +missing +2 +\\d+\\.\\d s +0\\.3 GB +measured now +first/tiny/${run}$`,
          ),
        );
      }),
    );
    expect(lines.slice(4)).toEqual(['', expect.stringMatching(/^about \d+\.\d s for 4 runs to do$/), '']);
    expect(stderr).toBe('timing plain (1 of 2)\ntiming targeted (2 of 2)\n');
    expect(first.filesAfterPlan).toEqual(['tiny.yaml']);
  });

  it('--dry-run takes the time of new seeds from runs that are trained', () => {
    const { stdout, stderr } = first.planMore;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^0 +tiny +plain +1 +done +2 +first\/tiny/m);
    expect(stdout).toMatch(
      /^1 +tiny +plain +2 +missing +2 +[\d.]+ s +0\.3 GB +earlier run: plain seed [01] +first\/tiny/m,
    );
    expect(stdout).toMatch(
      /^3 +tiny +targeted +2 +missing +2 +[\d.]+ s +0\.3 GB +earlier run: targeted seed [01] /m,
    );
    expect(stdout).toMatch(/\nabout [\d.]+ s for 2 runs to do, 2 are done\n$/);
    expect(second.plan.stdout).toMatch(/\nnothing to do, 4 are done\n$/);
  });

  it('--dry-run --no-measure says of which runs it does not know the time', () => {
    const { stdout, stderr } = first.planWithoutMeasuring;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^0 +tiny +plain +0 +missing +2 +0\.3 GB +unknown +elsewhere\/tiny/m);
    expect(stdout).toMatch(/\n4 runs to do, for an unknown time\n$/);
  });

  it('writes the files of each run, and nothing else', () => {
    expect(listFiles(join(journey.folder, 'second/tiny')).filter((path) => path.includes('/'))).toEqual(
      RUNS.flatMap((run) => RUN_FILES.map((file) => `${run}/${file}`)),
    );
  });

  it('writes a row of metrics for each epoch, with step, learning rate, losses and accuracies', () => {
    const rows = journey.readRecords(`first/tiny/${RUNS[0]}/metrics.csv`);
    expect(Object.keys(rows[0] ?? {}).join()).toBe(
      'epoch,step,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy',
    );
    // 512 images in batches of 64 are 8 steps an epoch.
    expect(rows).toMatchObject([
      { epoch: '1', step: '8', learning_rate: '0.1' },
      { epoch: '2', step: '16', learning_rate: '0.1' },
    ]);
  });

  it('shows a line an epoch and one a run where there is no terminal, then a table and what is next', () => {
    const { stdout, stderr } = first.run;
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(1 + 4 * 3 + 1);
    expect(lines[1]).toMatch(
      /^\[1\/4\] plain seed 0: epoch 1\/2, loss [\d.]+, train accuracy [\d.]+ %, test accuracy [\d.]+ %, [\d,]+ images\/s, [\d.]+ s left$/,
    );
    expect(lines[3]).toMatch(/^\[1\/4\] plain seed 0: trained in [\d.]+ s, test accuracy [\d.]+ %$/);
    expect(lines.at(-1)).toBe('next: td sweep tiny.yaml --results first');
    expect(stdout).toMatch(
      /^experiment +variant +seed +test accuracy +time +folder\ntiny +plain +0 +[\d.]+ %/,
    );
    for (const control of ['\u001b', '\r']) expect(stdout + stderr).not.toContain(control);
  });

  it('trains nothing when all is trained', () => {
    expect(first.runAgain.stderr.match(/already trained/g)).toHaveLength(4);
    expect(first.runAgain.stderr).not.toContain('epoch');
    expect(first.runAgain.stdout).toBe(first.run.stdout);
    expect(checkpointTimes()).toEqual(first.times);
  });

  it('--print-config prints an experiment file that stands for the same runs', () => {
    expect(second.plan.stdout.match(/\w+\/seed-\S+/g)).toEqual([...RUNS]);
    expect(second.plan.stdout.match(/ done /g)).toHaveLength(4);
  });

  it('gives the same bytes in another folder', () => {
    for (const file of RUNS.map((run) => `tiny/${run}/metrics.csv`)) {
      expect(journey.read(`second/${file}`), file).toBe(journey.read(`first/${file}`));
    }
    expect(journey.read('second/tiny/sweep.csv')).toBe(first.table);
  });
});

describe('td list', () => {
  it('lists each run with its state, accuracy, time and folder', () => {
    const lines = first.list.stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^experiment +variant +seed +state +test accuracy +time +folder$/);
    expect(lines.slice(1).map((line) => line.split(/ {2,}/).toSpliced(4, 2))).toEqual(
      RUNS.map((run) => {
        const [variant = '', folder = ''] = run.split('/');
        return ['tiny', variant, folder.slice(5, 6), 'done', `first/tiny/${run}`];
      }),
    );
  });

  it('--json gives each run with its whole summary', () => {
    const runs: unknown = JSON.parse(first.json.stdout);
    const summary: unknown = JSON.parse(journey.read(`first/tiny/${RUNS[2]}/summary.json`));
    expect(runs).toHaveLength(4);
    expect(runs).toHaveProperty('2', {
      identity: { experiment: 'tiny', variant: 'targeted', seed: 0, hash: '6753d902' },
      id: RUNS[2],
      directory: `first/tiny/${RUNS[2]}`,
      state: 'done',
      summary,
    });
  });
});

describe('td sweep', () => {
  it('writes a row for each run, granularity and rate', () => {
    expect(first.table.split('\n')[0]).toBe(SWEEP_HEADER);
    const rows = parseRecords(first.table);
    const grid = rows.map(({ run_id, granularity, prune_rate }) =>
      [run_id?.split('@')[0], granularity, prune_rate].join(' '),
    );
    const pairs = ['weight 0', 'weight 0.5', 'unit 0', 'unit 0.5'];
    expect(grid).toEqual(RUNS.flatMap((run) => pairs.map((pair) => `${run} ${pair}`)));
  });

  it('counts what is left: half of the hidden layers, and no less of the rest', () => {
    // 784·16 + 16·8 weights can be pruned; 8·10 of the logits and 16 + 8 + 10 biases cannot.
    const [prunable, rest] = [784 * 16 + 16 * 8, 8 * 10 + 34];
    const halved = journey
      .readRecords('first/tiny/sweep.csv')
      .filter(({ prune_rate }) => prune_rate === '0.5');
    expect(halved).toHaveLength(8);
    for (const row of halved) {
      expect(row).toMatchObject({
        parameters_total: String(prunable + rest),
        parameters_kept: String(prunable / 2 + rest),
        sparsity: '0.5',
        test_images: '200',
      });
    }
  });

  it('finds at rate 0 the accuracy and loss that the run ended with', () => {
    const rows = journey.readRecords('first/tiny/sweep.csv').filter(({ prune_rate }) => prune_rate === '0');
    for (const { run_id, accuracy, loss } of rows) {
      const last = journey.readRecords(`first/tiny/${run_id?.split('@')[0]}/metrics.csv`).at(-1);
      expect({ accuracy, loss }).toEqual({ accuracy: last?.test_accuracy, loss: last?.test_loss });
    }
  });

  it.each(['weight', 'unit'])('tabulates mean and deviation over the seeds, %ss pruned', (granularity) => {
    const rows = journey
      .readRecords('second/tiny/sweep.csv')
      .filter((row) => row.granularity === granularity);
    const cellOf = (variant: string, rate: string) => {
      const [a = Number.NaN, b = Number.NaN] = rows
        .filter((row) => row.variant === variant && row.prune_rate === rate)
        .map(({ accuracy }) => Number(accuracy));
      // Of two numbers, the sample standard deviation is their distance over the root of two.
      return { mean: (a + b) / 2, deviation: Math.abs(a - b) / Math.SQRT2 };
    };
    const table = journey.readRecords(`second/tiny/table-${granularity}.csv`);
    expect(table.map(({ prune_rate }) => prune_rate)).toEqual(['0', '0.5']);
    const printed = second.sweep.stdout.replaceAll('*', ' ');
    for (const row of table) {
      const texts = ['plain', 'targeted'].map((variant) => {
        const { mean, deviation } = cellOf(variant, row.prune_rate ?? '');
        expect(Number(row[`${variant} mean`])).toBeCloseTo(mean, 12);
        expect(Number(row[`${variant} sd`])).toBeCloseTo(deviation, 12);
        expect(row[`${variant} n`]).toBe('2');
        return `${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)}`;
      });
      expect(printed).toMatch(new RegExp(texts.join(' +')));
    }
  });

  it('computes nothing anew, and leaves the table as it is, whether or not the file is named', () => {
    expect(first.sweepAgain.stderr.match(/: 0 evaluations in [\d.]+ s, 4 known already/g)).toHaveLength(4);
    expect(first.tableAgain).toBe(first.table);
    expect(first.sweepAgain.stdout).toBe(first.sweep.stdout);
  });

  it('adds further rates to those that it has, and prints those that were asked for and the targeting rate', () => {
    const rows = journey.read('first/tiny/sweep.csv').split('\n');
    expect(first.table.split('\n').filter((row) => !rows.includes(row))).toEqual([]);
    expect(rows).toHaveLength(first.table.split('\n').length + 4);
    expect(first.sweepMore.stdout.match(/^ *\d+ %/gm)).toEqual(['  50 %', '  90 %']);
    expect(journey.readRecords('first/tiny/table-unit.csv').map(({ prune_rate }) => prune_rate)).toEqual([
      '0',
      '0.5',
      '0.9',
    ]);
  });
});
