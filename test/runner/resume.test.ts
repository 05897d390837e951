/** @file A training that is interrupted anywhere, even within an epoch, ends with the bytes of one that was not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import type { RegularizerSettings } from '../../src/methods/registry.ts';
import type { RecordOptions } from '../../src/runner/record-options.ts';
import { readCheckpoint } from '../../src/runs/checkpoint.ts';
import { CheckpointTimer } from '../../src/training/checkpoint-timer.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { loadSmallMnist, runOf, type SettingsInput, smallSettings } from '../training/small-mnist.ts';
import { type Hooks, trainAndRecord } from './recording.ts';

let dataset: Dataset;
let engine: Engine;
beforeAll(async () => {
  // 5 batches of 64 an epoch.
  dataset = await loadSmallMnist(320, 100);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
});

/** Of every method, and of every optimizer with several of them. */
// Those that go on from another run are in parent.test.ts.
const CASES: Readonly<Record<RegularizerSettings['name'], readonly SettingsInput[]>> = {
  'fine-tune': [],
  rewind: [],
  none: [
    { schedule: { optimizer: { name: 'sgd' }, decay: { name: 'cosine' }, warmup: '6it' } },
    { schedule: { optimizer: { name: 'adam' }, learningRate: 1e-3, gradientClip: 1 } },
  ],
  dropout: [
    {
      regularizer: { name: 'dropout', granularity: 'unit', dropRate: 0.25 },
      schedule: { optimizer: { name: 'nesterov' } },
    },
  ],
  targeted: [
    {
      regularizer: { name: 'targeted', granularity: 'weight', l1: 1e-3 },
      schedule: { optimizer: { name: 'momentum' }, weightDecay: 1e-3 },
    },
    {
      regularizer: { name: 'targeted', granularity: 'unit' },
      schedule: { optimizer: { name: 'adam' }, learningRate: 1e-3 },
    },
    {
      // Batch normalisation, whose averages are state, and augmentation, whose draws are noise.
      dataset: { augmentation: 'crop-flip', normalization: 'standardize' },
      model: { name: 'resnet', filters: [2, 2], units: 1 },
      regularizer: { name: 'targeted', granularity: 'unit' },
      schedule: { optimizer: { name: 'momentum' }, gradientClip: 1 },
    },
  ],
  ramping: [
    {
      regularizer: { name: 'ramping', granularity: 'weight' },
      schedule: { optimizer: { name: 'sgd' } },
    },
  ],
  l1: [{ regularizer: { name: 'l1' }, schedule: { optimizer: { name: 'nesterov' } } }],
  l0: [
    {
      regularizer: { name: 'l0', granularity: 'weight' },
      schedule: { optimizer: { name: 'adam' }, learningRate: 1e-3 },
    },
  ],
  variational: [
    {
      regularizer: { name: 'variational', initialLogVariance: -6 },
      schedule: { optimizer: { name: 'momentum' }, learningRate: 0.01 },
    },
  ],
  smallify: [
    {
      regularizer: { name: 'smallify', granularity: 'unit' },
      schedule: { optimizer: { name: 'nesterov' } },
    },
  ],
  'random-prune': [
    {
      regularizer: { name: 'random-prune', granularity: 'weight' },
      schedule: { optimizer: { name: 'sgd' } },
    },
  ],
  'delayed-prune': [
    {
      regularizer: { name: 'delayed-prune', granularity: 'weight', delay: '7it' },
      schedule: { optimizer: { name: 'adam' }, learningRate: 1e-3 },
    },
  ],
  'targeted-saliency': [
    {
      regularizer: { name: 'targeted-saliency', granularity: 'unit' },
      schedule: { optimizer: { name: 'momentum' } },
    },
  ],
  'gradual-magnitude': [
    {
      regularizer: {
        name: 'gradual-magnitude',
        granularity: 'weight',
        begin: '2it',
        end: '10it',
        every: '4it',
      },
      schedule: { optimizer: { name: 'momentum' }, weightDecay: 1e-3 },
    },
  ],
  'targeted-ard': [{ regularizer: { name: 'targeted-ard' }, schedule: { optimizer: { name: 'momentum' } } }],
};

/** With what to call each. */
const NAMED_CASES = Object.values(CASES)
  .flat()
  .map((input) => {
    const { model, regularizer, schedule } = smallSettings(input);
    return [`${model.name}, ${regularizer.name}, ${schedule.optimizer.name}`, input] as const;
  });

async function record(
  input: SettingsInput,
  results: string,
  options: Hooks & Pick<RecordOptions, 'signal' | 'checkpointMinutes'> = {},
): Promise<{ directory: string; metrics: string; checkpoint: string }> {
  const run = runOf(smallSettings(input), 0);
  const environment = ENVIRONMENT;
  await trainAndRecord({ resultsDirectory: results, run, dataset, engine, environment, ...options });
  const directory = join(results, 'test', run.id);
  return {
    directory,
    metrics: readFileSync(join(directory, 'metrics.csv'), 'utf8'),
    checkpoint: readFileSync(join(directory, 'checkpoint.safetensors'), 'latin1'),
  };
}

/** Asks a training to stop at a step, and waits until it has. */
async function interruptAt(
  step: number,
  input: SettingsInput,
  results: string,
  hooks: Hooks = {},
): Promise<void> {
  const controller = new AbortController();
  const interrupted = record(input, results, {
    ...hooks,
    signal: controller.signal,
    onStep(report) {
      if (report.step === step) controller.abort(new Error('interrupted'));
    },
  });
  await expect(interrupted).rejects.toThrow('interrupted');
}

function placeOf(input: SettingsInput, results: string) {
  const { epoch, step, totals } =
    readCheckpoint(join(results, 'test', runOf(smallSettings(input), 0).id)) ?? {};
  return { epoch, step, totals };
}

describe('an interrupted run', () => {
  it.each(NAMED_CASES)('of %s ends as if it had not been', async (_name, input) => {
    const whole = await record(input, temporaryFolder());
    const results = temporaryFolder();
    await interruptAt(3, input, results);
    expect(placeOf(input, results)).toMatchObject({ epoch: 0, step: 3 });
    // The last step of an epoch: its evaluation is still to come.
    await interruptAt(10, input, results);
    expect(placeOf(input, results)).toMatchObject({ epoch: 1, step: 10 });
    const resumed = await record(input, results);
    expect(resumed.metrics).toBe(whole.metrics);
    expect(resumed.checkpoint).toBe(whole.checkpoint);
    expect(readdirSync(resumed.directory).sort()).toEqual(readdirSync(whole.directory).sort());
  });

  it('keeps the sums of the epoch under way to the last bit', async () => {
    const results = temporaryFolder();
    const sums = { loss: 0, correct: 0 };
    await interruptAt(8, {}, results, {});
    const { totals } = placeOf({}, results);
    await record({}, temporaryFolder(), {
      onStep({ step, means }) {
        // Of steps 6 to 8, the first three of the second epoch.
        if (step === 8) Object.assign(sums, { loss: means.loss * 3, correct: means.accuracy * 3 * 64 });
      },
    });
    expect(totals?.loss).toBeCloseTo(sums.loss, 12);
    expect(totals?.correct).toBeCloseTo(sums.correct, 9);
  });

  it('in an evaluation has taken every step of the epoch, and goes on with the evaluation', async () => {
    const whole = await record({}, temporaryFolder());
    const results = temporaryFolder();
    const controller = new AbortController();
    const abort = () => controller.abort(new Error('interrupted'));
    const interrupted = record({}, results, {
      signal: controller.signal,
      // Turns of the event loop that the step itself does not use up are those of the evaluation.
      onStep: ({ step }) => void (step === 5 && setImmediate(() => setImmediate(abort))),
    });
    await expect(interrupted).rejects.toThrow('interrupted');
    expect(placeOf({}, results)).toMatchObject({ epoch: 0, step: 5 });
    const steps: number[] = [];
    const resumed = await record({}, results, { onStep: ({ step }) => steps.push(step) });
    expect(steps[0]).toBe(6);
    expect(resumed.metrics).toBe(whole.metrics);
  });
});

describe('checkpoints within an epoch', () => {
  it('are written when they are due, and change nothing', async () => {
    const whole = await record({}, temporaryFolder());
    const places: { epoch: number; step: number }[] = [];
    const often = await record({}, temporaryFolder(), {
      checkpointMinutes: 1e-9,
      onCheckpoint: (place) => places.push(place),
    });
    expect(places.map(({ step }) => step)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
    expect(places.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]);
    expect(often.metrics).toBe(whole.metrics);
    expect(often.checkpoint).toBe(whole.checkpoint);
  });

  it('are due once the minutes have passed since the last, whatever the time of day does', () => {
    const timer = new CheckpointTimer(1 / 60_000);
    expect(new CheckpointTimer(1).isDue()).toBe(false);
    const began = performance.now();
    while (performance.now() - began < 2);
    expect(timer.isDue()).toBe(true);
    timer.restart();
    expect(timer.isDue()).toBe(false);
  });

  it('of another network or of other images are refused', async () => {
    const results = temporaryFolder();
    await interruptAt(8, {}, results);
    const images = await loadSmallMnist(128, 100);
    const run = runOf(smallSettings(), 0);
    const options = { resultsDirectory: results, run, engine, environment: ENVIRONMENT };
    await expect(trainAndRecord({ ...options, dataset: images })).rejects.toThrow(
      'the checkpoint is of step 8 within epoch 2, but an epoch has 2 steps now',
    );
    const other = { ...run, settings: smallSettings({ model: { name: 'mlp', widths: [10] } }) };
    await expect(trainAndRecord({ ...options, run: other, dataset })).rejects.toThrow(
      /^the checkpoint's array "dense1\/.*" is not as this version of td needs it/,
    );
  });
});
