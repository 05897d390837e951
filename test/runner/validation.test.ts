/** @file Runs with a validation split: what they train on, and what their directory tells of the images that they hold out. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { NamedArrays } from '../../src/arrays.ts';
import type { Dataset, Split } from '../../src/data/types.ts';
import { holdOut } from '../../src/data/validation.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import { readCheckpoint, readCheckpointRecord } from '../../src/runs/checkpoint.ts';
import { readFinalCheckpoint } from '../../src/runs/final-checkpoint.ts';
import { inspectRun } from '../../src/runs/inspect.ts';
import { readMetrics, writeMetrics } from '../../src/runs/metrics.ts';
import { readMetricsFromLog } from '../../src/runs/metrics-log.ts';
import { readSummary } from '../../src/runs/summary.ts';
import { Evaluator } from '../../src/training/evaluator.ts';
import { createSetup } from '../../src/training/setup.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { loadSmallMnist, runOf, type SettingsInput, smallSettings } from '../training/small-mnist.ts';
import { type Hooks, trainAndRecord } from './recording.ts';

const SEED = 7;
const VALIDATED: SettingsInput = { dataset: { validation: 130 } };

let dataset: Dataset;
let engine: Engine;
beforeAll(async () => {
  dataset = await loadSmallMnist(450, 100);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
});

function placeOf(input: SettingsInput, results: string) {
  const run = runOf(smallSettings(input), SEED);
  return { run, directory: join(results, 'test', run.id) };
}

async function record(
  input: SettingsInput,
  images = dataset,
  hooks: Hooks = {},
  resultsDirectory = temporaryFolder(),
) {
  const place = placeOf(input, resultsDirectory);
  const { run } = place;
  await trainAndRecord({
    resultsDirectory,
    run,
    dataset: images,
    engine,
    environment: ENVIRONMENT,
    ...hooks,
  });
  return place;
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

describe('a run that keeps the network of its best epoch', () => {
  /** A learning rate at which the accuracy goes up and down. */
  const KEEPING: SettingsInput = {
    dataset: { validation: 130 },
    schedule: { keep: 'best-validation', epochs: 6, learningRate: 2 },
  };

  /** Bytes of all files that hold no times. */
  const bytesIn = (directory: string) =>
    Object.fromEntries(
      readdirSync(directory)
        .filter((name) => /\.(csv|safetensors)$/.test(name))
        .map((name) => [name, readFileSync(join(directory, name), 'latin1')]),
    );

  const bestOf = (directory: string) => {
    const accuracies = readMetrics(directory).map(({ validationAccuracy = 0 }) => validationAccuracy);
    return accuracies.indexOf(Math.max(...accuracies)) + 1;
  };

  it('counts as that network: in its summary, in metrics and for whoever opens it', async () => {
    const states: NamedArrays[] = [];
    const { run, directory } = await record(KEEPING, dataset, {
      onEpoch: ({ state }) => states.push(structuredClone(state)),
    });
    const best = bestOf(directory);
    // Else the test would not tell it from the last.
    expect(best).toBeLessThan(6);
    const summary = readSummary(directory);
    if (summary === undefined) throw new Error('the run is not done');
    const { testAccuracy, testLoss, validationAccuracy } = readMetrics(directory)[best - 1] ?? {};
    expect(summary).toMatchObject({ bestEpoch: best, epochs: 6, testAccuracy, testLoss, validationAccuracy });
    expect(readMetrics(directory).at(-1)?.bestEpoch).toBe(best);
    expect(readFinalCheckpoint({ directory, summary }).arrays).toEqual(states[best - 1]);
    expect(inspectRun(directory, run).fault).toBeUndefined();
    const kept = readdirSync(directory).filter((name) => name.startsWith('best'));
    expect(kept).toEqual([`best-epoch-${best}.safetensors`]);
  });

  it('trains as one that keeps the last', async () => {
    const { directory } = await record(KEEPING);
    const last = await record({ ...KEEPING, schedule: { ...KEEPING.schedule, keep: 'last' } });
    const arraysOf = (place: string) => readCheckpoint(place)?.arrays;
    expect(arraysOf(directory)).toEqual(arraysOf(last.directory));
  });

  it('ends with the same bytes wherever it was cut off, also between the files of an epoch', async () => {
    const whole = bytesIn((await record(KEEPING)).directory);
    const results = temporaryFolder();
    for (const step of [2, 5, 11, 12, 20, 25, 28]) {
      const dying = record(
        KEEPING,
        dataset,
        {
          onStep(event) {
            if (event.step === step) throw new Error('killed');
          },
        },
        results,
      );
      await expect(dying).rejects.toThrow('killed');
    }
    // What a process leaves that is killed after it wrote the network of an epoch, before the checkpoint.
    const { directory } = placeOf(KEEPING, results);
    writeFileSync(join(directory, 'best-epoch-6.safetensors'), 'half');
    await record(KEEPING, dataset, {}, results);
    expect(bytesIn(directory)).toEqual(whole);
  });

  it('goes back to the checkpoint before where the best network is damaged, and ends with the same bytes', async () => {
    const whole = await record(KEEPING);
    const results = temporaryFolder();
    const dying = record(
      KEEPING,
      dataset,
      {
        onStep(event) {
          if (event.step === 28) throw new Error('killed');
        },
      },
      results,
    );
    await expect(dying).rejects.toThrow('killed');
    const { directory } = placeOf(KEEPING, results);
    const best = readCheckpointRecord(directory)?.best?.epoch ?? 0;
    writeFileSync(join(directory, `best-epoch-${best}.safetensors`), 'damaged');
    const warnings: string[] = [];
    await record(KEEPING, dataset, { onWarning: (sentence) => warnings.push(sentence) }, results);
    expect(warnings.join('\n')).toContain(`best-epoch-${best}.safetensors is damaged`);
    const usual = ([name]: [string, string]) => !name.endsWith('.damaged');
    expect(Object.entries(bytesIn(directory)).filter(usual)).toEqual(
      Object.entries(bytesIn(whole.directory)),
    );
  });

  it('is refused when its kept network is missing or another', async () => {
    const { directory } = await record(KEEPING);
    const summary = readSummary(directory);
    if (summary === undefined) throw new Error('the run is not done');
    const path = join(directory, `best-epoch-${summary.bestEpoch}.safetensors`);
    writeFileSync(path, readFileSync(join(directory, 'checkpoint.safetensors')));
    expect(() => readFinalCheckpoint({ directory, summary })).toThrow(`${path} is damaged`);
    rmSync(path);
    expect(() => readFinalCheckpoint({ directory, summary })).toThrow(`${path} is missing`);
  });

  it('is damaged if another epoch is said to be the best', async () => {
    const { run, directory } = await record(KEEPING);
    const best = bestOf(directory);
    const rows = readMetrics(directory);
    writeMetrics(
      directory,
      rows.map((row) => ({ ...row, bestEpoch: row.epoch === 6 ? best + 1 : row.bestEpoch })),
    );
    expect(inspectRun(directory, run).fault?.problem).toContain(
      `has ${best + 1} as the best epoch in epoch 6, expected ${best}`,
    );
  });

  it('needs a validation split', () => {
    expect(() => smallSettings({ schedule: { keep: 'best-validation' } })).toThrow(
      'expected \\"last\\", or a validation split to choose by',
    );
  });
});
