/** @file td show and td list: what they say of runs. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderSettings } from '../../src/config/render.ts';
import { RUN_FILES } from '../../src/runs/directory.ts';
import { findNamedRun } from '../../src/runs/find-named-run.ts';
import { openRunLog } from '../../src/runs/log.ts';
import { appendMetrics } from '../../src/runs/metrics.ts';
import { writeSummary } from '../../src/runs/summary.ts';
import { DENSE, UNCOUNTED } from '../../src/sweeps/rows.ts';
import { ENVIRONMENT, soundSummaryOf } from '../runs/runs.ts';
import { openNewRun, writeNewSweep } from '../support/new-folders.ts';
import { runOf, smallSettings } from '../training/small-mnist.ts';
import { makeFolder, td } from './td.ts';

const place = makeFolder({});
afterAll(place.remove);

const DONE = runOf(smallSettings(), 0);
const FAILED = runOf(smallSettings({ regularizer: { name: 'l1' } }), 3);

/** Writes a run's folder as training leaves it before the first epoch. */
function open(run: typeof DONE): string {
  return openNewRun(join(place.folder, 'results'), run, renderSettings(run), ENVIRONMENT);
}

beforeAll(() => {
  const directory = open(DONE);
  for (const [index, testAccuracy] of [0.8, 0.9, 0.95].entries()) {
    const epoch = index + 1;
    const row = {
      epoch,
      step: epoch,
      learningRate: 0.1,
      trainLoss: 1 / epoch,
      trainAccuracy: 58 / 64,
      testLoss: 0.3,
    };
    appendMetrics(directory, { ...row, testAccuracy });
  }
  writeSummary(directory, soundSummaryOf(directory, DONE, 'a'.repeat(64)));
  writeNewSweep(join(place.folder, 'results/test/sweep.csv'), [
    {
      experiment: 'test',
      variant: 'none',
      seed: 0,
      granularity: 'unit',
      pruneRate: 0.5,
      sparsity: 0.5,
      parametersTotal: 10,
      parametersKept: 5,
      ...DENSE,
      ...UNCOUNTED,
      accuracy: 0.625,
      loss: 1,
      testImages: 8,
      runId: `${DONE.id}@aaaaaaaa`,
    },
  ]);
  const { log, close } = openRunLog(join(open(FAILED), RUN_FILES.log));
  log.error(new Error('the loss is not finite'), 'training failed');
  close();
});

describe('td show', () => {
  it('prints state, settings that differ from the defaults, curves, sweep and files', async () => {
    const { code, stdout, stderr } = await td(place.folder, 'show', 'test/none/0');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // A file's size and the settings' hash are not of interest here.
    expect(
      stdout.replace(/-[0-9a-f]{8}\b/g, '-HASH').replace(/[\d,]+ bytes/g, 'N bytes'),
    ).toMatchInlineSnapshot(`
      "test/none/seed-0-HASH: done, test accuracy 95.00 %, 13 s
      engine onnx on CPU, 2 threads, unknown

      Settings that differ from the defaults
      setting             value    default
      model.widths        [24,12]  [300,100]
      schedule.batchSize  64       128
      schedule.epochs     3        10

      Test accuracy, epochs 1 to 3
      95.00 % ┤  █
              ┤ ▃█
              ┤ ██
              ┤ ██
      80.00 % ┤▁██

      Training loss, epochs 1 to 3
       1.00 ┤█
            ┤█
            ┤█
            ┤█▃
      0.333 ┤██▁

      Test accuracy in percent after pruning
      pruned  weights  units
      50 %             62.50

      - Evaluation: dense, networks as training left them.

      Files in results/test/none/seed-0-HASH
      file              size
      config.yaml       N bytes
      environment.json  N bytes
      metrics.csv       N bytes
      summary.json      N bytes
      "
    `);
  });

  it('gives all of it as JSON', async () => {
    const { stdout } = await td(place.folder, 'show', `results/test/${DONE.id}`, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      run: { state: 'done', identity: { experiment: 'test', variant: 'none', seed: 0 } },
      settings: expect.arrayContaining([{ path: 'schedule.epochs', value: 3, default: 10 }]),
      metrics: [{ testAccuracy: 0.8 }, { testAccuracy: 0.9 }, { testAccuracy: 0.95 }],
      sweep: [{ granularity: 'unit', accuracy: 0.625 }],
    });
  });

  it('says why a run failed', async () => {
    const { stdout } = await td(place.folder, 'show', 'test/l1');
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      `test/${FAILED.id}: failed`,
      'reason: the loss is not finite',
    ]);
  });
});

describe('td list', () => {
  it('lists state, accuracy and time of each run, without colours where there is no terminal', async () => {
    const { stdout } = await td(place.folder, 'list');
    const [table = '', remarks] = stdout.trim().split('\n\n');
    expect(remarks).toBe(`test/${FAILED.id} failed: the loss is not finite`);
    const rows = table
      .split('\n')
      .slice(1)
      .map((line) => line.split(/ {2,}/).slice(1, -1));
    expect(rows).toEqual([
      ['l1', '3', 'failed'],
      ['none', '0', 'done', '95.00 %', '13 s'],
    ]);
  });

  it('has the reason of a failure in its JSON', async () => {
    const { stdout } = await td(place.folder, 'list', 'test', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { state: 'unfinished', condition: { kind: 'failed', reason: 'the loss is not finite' } },
      { state: 'done' },
    ]);
  });
});

describe('findNamedRun', () => {
  const results = join(place.folder, 'results');
  it.each([
    ['tset/none', /holds no experiment "tset" \(did you mean "test"\?\)/],
    ['test/nne/0', /experiment "test" has no run of variant "nne" \(did you mean "none"\?\)/],
    ['test/none/7', /"test\/none\/7" names no run, expected one of: test\/none\/seed-0-/],
    ['test/none/0/0', /names no run/],
  ])('refuses %s', (argument, message) => {
    expect(() => findNamedRun(argument, results)).toThrow(message);
  });

  it('asks which, if there are several', () => {
    open(runOf(smallSettings(), 1));
    expect(() => findNamedRun('test/none', results)).toThrow(/"test\/none" names 2 runs, expected one of: /);
    expect(findNamedRun(`test/${DONE.id}`, results).id).toBe(DONE.id);
  });
});
