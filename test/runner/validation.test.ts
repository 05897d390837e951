/** @file Runs with a validation split: what they train on, and what their directory tells of the images that they hold out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset, Split } from '../../src/data/types.ts';
import { holdOut } from '../../src/data/validation.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import { readCheckpoint } from '../../src/runs/checkpoint.ts';
import { inspectRun } from '../../src/runs/inspect.ts';
import { readMetrics, writeMetrics } from '../../src/runs/metrics.ts';
import { readMetricsFromLog } from '../../src/runs/metrics-log.ts';
import { readSummary } from '../../src/runs/summary.ts';
import { Evaluator } from '../../src/training/evaluator.ts';
import { createSetup } from '../../src/training/setup.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { loadSmallMnist, runOf, type SettingsInput, smallSettings } from '../training/small-mnist.ts';
import { trainAndRecord } from './recording.ts';

const SEED = 7;
const VALIDATED: SettingsInput = { dataset: { validation: 130 } };

let dataset: Dataset;
let engine: Engine;
beforeAll(async () => {
  dataset = await loadSmallMnist(450, 100);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
});

async function record(input: SettingsInput, images = dataset) {
  const results = temporaryFolder();
  const run = runOf(smallSettings(input), SEED);
  await trainAndRecord({ resultsDirectory: results, run, dataset: images, engine, environment: ENVIRONMENT });
  return { run, directory: join(results, 'test', run.id) };
}

/** The images of a split as bytes of their own, without `members`. */
function copy({ count, images, labels, members, ...rest }: Split): Split {
  const size = images.length / labels.length;
  const own = [...(members ?? labels.keys())];
  return {
    ...rest,
    count,
    images: Uint8Array.from(own.flatMap((index) => [...images.subarray(index * size, (index + 1) * size)])),
    labels: Uint8Array.from(own.map((index) => labels[index] ?? 0)),
  };
}

describe('a run with a validation split', () => {
  it('trains as on a data set that has the other images alone, to the last bit', async () => {
    const { train } = holdOut(dataset, 130, SEED);
    const alone = await record({}, { ...dataset, train: copy(train) });
    const validated = await record(VALIDATED);
    expect(readCheckpoint(validated.directory)?.arrays).toEqual(readCheckpoint(alone.directory)?.arrays);
    const shared = readMetrics(validated.directory).map(
      ({ validationAccuracy: _, validationLoss: __, ...row }) => row,
    );
    expect(shared).toEqual(readMetrics(alone.directory));
    // 320 images are five batches of 64.
    expect(shared.at(-1)?.step).toBe(15);
  });

  it('says in metrics, summary and log what an evaluation on the held-out images gives', async () => {
    const { run, directory } = await record(VALIDATED);
    const held = holdOut(dataset, 130, SEED).validation;
    if (held === undefined) throw new Error('nothing is held out');
    const { model } = await createSetup(run.settings, dataset);
    const evaluator = await Evaluator.create(engine, model, copy(held));
    const expected = await evaluator.evaluate(readCheckpoint(directory)?.arrays ?? {});
    evaluator.dispose();
    const last = readMetrics(directory).at(-1);
    const { accuracy, loss } = expected;
    expect(last).toMatchObject({ validationAccuracy: accuracy, validationLoss: loss });
    expect(readSummary(directory)).toMatchObject({
      validationAccuracy: accuracy,
      validationLoss: loss,
      data: { trainImages: 320, validationImages: 130, testImages: 100 },
    });
    expect(readMetricsFromLog(directory, 3)).toEqual(readMetrics(directory));
    expect(inspectRun(directory, run).fault).toBeUndefined();
  });

  it('has columns that a run without one lacks, whose file is as it ever was', async () => {
    const headerOf = (directory: string) =>
      readFileSync(join(directory, 'metrics.csv'), 'utf8').split('\n')[0];
    const usual = 'epoch,step,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy';
    expect(headerOf((await record({})).directory)).toBe(usual);
    expect(headerOf((await record(VALIDATED)).directory)).toBe(
      `${usual},validation_loss,validation_accuracy`,
    );
  });

  it('is damaged if its metrics have an accuracy that no number of the held-out images gives', async () => {
    const { run, directory } = await record({ dataset: { validation: 130 }, schedule: { epochs: 1 } });
    const [row] = readMetrics(directory);
    if (row === undefined) throw new Error('expected a row');
    writeMetrics(directory, [{ ...row, validationAccuracy: 0.5001 }]);
    expect(inspectRun(directory, run).fault?.problem).toContain(
      'has validation accuracy 0.5001 in epoch 1, which no number of the 130 validation images gives',
    );
    const { validationAccuracy: _, validationLoss: __, ...without } = row;
    writeMetrics(directory, [without]);
    expect(inspectRun(directory, run).fault?.problem).toContain('lacks columns of a validation split');
  });
});
