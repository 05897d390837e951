/** @file Training on real images: it learns, reports what it did, and fails where it should. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { NamedArrays } from '../../src/arrays.ts';
import type { Dataset } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine, Program } from '../../src/engines/types.ts';
import { UserError } from '../../src/errors.ts';
import { DivergedError } from '../../src/training/diverged.ts';
import { Evaluator } from '../../src/training/evaluator.ts';
import type { EpochEvent, StepEvent } from '../../src/training/events.ts';
import { createSetup, prepareTraining } from '../../src/training/setup.ts';
import { train } from '../../src/training/train.ts';
import { readAll } from '../support/streams.ts';
import { loadSmallMnist, type SettingsInput, smallSettings } from './small-mnist.ts';

let dataset: Dataset;
let engine: Engine;
beforeAll(async () => {
  dataset = await loadSmallMnist(2000, 1000);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
});

async function trainSmall(input: SettingsInput, images = dataset) {
  const steps: StepEvent[] = [];
  const epochs: EpochEvent[] = [];
  const settings = smallSettings(input);
  for await (const event of train(await prepareTraining({ settings, seed: 0 }, images), { engine })) {
    if (event.kind === 'step') steps.push(event);
    if (event.kind === 'epoch') epochs.push(event);
  }
  return { settings, steps, epochs, last: epochs.at(-1) as EpochEvent };
}

/** Accuracy and loss of a report's own state, without anything that a regularizer would change. */
async function evaluatePlainly(report: EpochEvent) {
  const { model } = await createSetup(smallSettings(), dataset);
  const evaluator = await Evaluator.create(engine, model, dataset.test);
  const evaluation = await evaluator.evaluate(report.state);
  evaluator.dispose();
  return evaluation;
}

describe('training', () => {
  it('learns: 2,000 digits in 6 epochs give over 80 % on digits that it never saw', async () => {
    const { epochs, last } = await trainSmall({
      schedule: { epochs: 6, learningRate: 0.05, decay: { name: 'cosine' } },
    });
    expect(last.test.accuracy).toBeGreaterThan(0.8);
    expect(last.test.count).toBe(1000);
    expect(last.means.loss).toBeLessThan((epochs[0]?.means.loss ?? 0) / 3);
  });

  it('learns nothing from labels that are dealt at random', async () => {
    const { count, images, labels } = dataset.train;
    const dealt = labels.map((_, index) => labels[(index * 7 + 3) % count] ?? 0);
    const { last } = await trainSmall({}, { ...dataset, train: { count, images, labels: dealt } });
    expect(last.test.accuracy).toBeLessThan(0.25);
  });

  it('takes every full batch of an epoch, and reports means over the epoch so far', async () => {
    const { steps, epochs } = await trainSmall({ schedule: { epochs: 2, decay: { name: 'cosine' } } });
    // 2,000 images are 31 batches of 64, and 16 images that sit the epoch out.
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 62 }, (_, index) => index + 1));
    expect(steps.map(({ epoch }) => epoch)).toEqual(
      Array.from({ length: 62 }, (_, index) => Number(index >= 31)),
    );
    expect(epochs).toMatchObject([
      { epoch: 1, step: 31, stepsPerEpoch: 31, means: steps[30]?.means },
      { epoch: 2, step: 62, stepsPerEpoch: 31, means: steps[61]?.means },
    ]);
    const share = steps[0]?.means.accuracy ?? Number.NaN;
    expect(share * 64).toBeCloseTo(Math.round(share * 64), 9);
    // Cosine at the last step of each epoch, taken by hand.
    expect(epochs[0]?.learningRate).toBeCloseTo(0.05 * (1 + Math.cos((Math.PI * 30) / 62)), 12);
    expect(epochs[1]?.learningRate).toBeCloseTo(0.05 * (1 + Math.cos((Math.PI * 61) / 62)), 12);
  });

  it('evaluates with the weights as they are, although all that is prunable was dropped in training', async () => {
    const regularizer = { name: 'targeted', granularity: 'weight', dropRate: 1, targetRate: 1 } as const;
    const { last } = await trainSmall({ regularizer, schedule: { epochs: 1, optimizer: { name: 'sgd' } } });
    const plain = await evaluatePlainly(last);
    expect(last.test).toEqual(plain);
    // In training the images did not reach the logits, so that the loss was about that of a guess.
    expect(last.means.loss).toBeGreaterThan(2.2);
    expect(Math.abs(plain.loss - last.means.loss)).toBeGreaterThan(0.01);
  });

  it('evaluates variational dropout without the weights whose log alpha is too high', async () => {
    const regularizer = { name: 'variational', initialLogVariance: -4, threshold: 1 } as const;
    const { last } = await trainSmall({
      regularizer,
      schedule: { epochs: 1, optimizer: { name: 'adam' }, learningRate: 1e-3 },
    });
    expect(last.test.loss).not.toBe((await evaluatePlainly(last)).loss);
    const thresholded = { ...last, state: { ...last.state } };
    for (const name of ['dense1/kernel', 'dense2/kernel']) {
      const logVariance = Object.entries(last.state).find(
        ([key, array]) => key.startsWith(`${name}/`) && array.length === last.state[name]?.length,
      )?.[1];
      thresholded.state[name] = (last.state[name] as Float32Array).map((weight, index) =>
        (logVariance?.[index] ?? Number.NaN) - Math.log(weight ** 2 + 1e-8) >= 1 ? 0 : weight,
      );
    }
    expect(last.test.loss).toBeCloseTo((await evaluatePlainly(thresholded)).loss, 5);
  });
});

describe('the events of a training', () => {
  /** 5 steps an epoch. */
  let images: Dataset;
  beforeAll(async () => {
    images = await loadSmallMnist(320, 100);
  });
  const prepare = () =>
    prepareTraining({ settings: smallSettings({ schedule: { epochs: 2 } }), seed: 0 }, images);

  it('are its start, then of each epoch the steps and the evaluation', async () => {
    const events = await readAll(train(await prepare(), { engine }));
    const epoch = ['step', 'step', 'step', 'step', 'step', 'epoch'];
    expect(events.map(({ kind }) => kind)).toEqual(['started', ...epoch, ...epoch]);
    expect(events.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10]);
  });

  it('have a checkpoint after each step of an epoch but the last where one is always due', async () => {
    const events = await readAll(train(await prepare(), { engine, checkpointMinutes: 1e-9 }));
    const checkpoints = events.filter(({ kind }) => kind === 'checkpoint');
    expect(checkpoints.map(({ step }) => step)).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
  });

  it('go on from a checkpoint or the end of an epoch with the same bits', async () => {
    const training = await prepare();
    const whole = await readAll(train(training, { engine, checkpointMinutes: 1e-9 }));
    const last = whole.at(-1);
    for (const resume of whole
      .filter((event) => event.kind === 'checkpoint' || event.kind === 'epoch')
      .slice(0, 6)) {
      const rest = await readAll(train(training, { engine, resume }));
      expect(rest[0]).toEqual({ kind: 'started', epoch: resume.epoch, step: resume.step });
      expect(rest.at(-1)).toEqual({ ...last, seconds: expect.anything() });
    }
  });

  it('say where the time of an epoch went', async () => {
    const began = performance.now();
    const events = await readAll(train(await prepare(), { engine }));
    const passed = (performance.now() - began) / 1000;
    const parts = events.flatMap((event) =>
      event.kind === 'epoch' ? Object.values<number>({ ...event.seconds }) : [],
    );
    expect(parts).toHaveLength(2 * 3);
    expect(Math.min(...parts)).toBeGreaterThan(0);
    expect(parts.reduce((sum, part) => sum + part)).toBeLessThan(passed);
  });

  it('come no faster than they are dealt with', async () => {
    let taken = 0;
    const counting: Engine = {
      ...engine,
      async compile(step, signature) {
        const program = await engine.compile(step, signature);
        const run = program.run.bind(program);
        program.run = (feeds) => {
          if ('learningRate' in feeds) taken++;
          return run(feeds);
        };
        return program;
      },
    };
    for await (const event of train(await prepare(), { engine: counting })) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(taken).toBe(event.step);
    }
  });

  it('end with a checkpoint once the signal is aborted', async () => {
    const controller = new AbortController();
    const kinds: string[] = [];
    const read = async () => {
      for await (const { kind, step } of train(await prepare(), { engine, signal: controller.signal })) {
        kinds.push(`${kind} ${step}`);
        if (step === 2) controller.abort(new Error('interrupted'));
      }
    };
    await expect(read()).rejects.toThrow('interrupted');
    expect(kinds).toEqual(['started 0', 'step 1', 'step 2', 'checkpoint 2']);
  });

  it('free the programs when nobody reads on', async () => {
    const programs = new Set<Program>();
    const watched: Engine = {
      ...engine,
      async compile(step, signature) {
        const program = await engine.compile(step, signature);
        const dispose = program.dispose.bind(program);
        program.dispose = () => {
          programs.delete(program);
          dispose();
        };
        programs.add(program);
        return program;
      },
    };
    for await (const { kind } of train(await prepare(), { engine: watched })) {
      if (kind !== 'step') continue;
      expect(programs.size).toBe(2);
      break;
    }
    expect(programs.size).toBe(0);
  });
});

/** A program whose second step tells of a gradient without a number and of a loss with one, as a graphics card may. */
async function blur(step: Parameters<Engine['compile']>): Promise<Program> {
  const program = await engine.compile(...step);
  let runs = 0;
  const run = async (feeds: NamedArrays) => {
    const fetches = await program.run(feeds);
    if (fetches.gradientNorm !== undefined && ++runs === 2) fetches.gradientNorm.fill(Number.NaN);
    return fetches;
  };
  return {
    run,
    readState: () => program.readState(),
    writeState: (values) => program.writeState(values),
    dispose: () => program.dispose(),
  };
}

describe('training that cannot go well', () => {
  it('stops with its step when the loss is no number any more', async () => {
    const wild = trainSmall({ schedule: { learningRate: 1e30 } });
    await expect(wild).rejects.toThrow(DivergedError);
    await expect(wild).rejects.toThrow(/^the loss at step [2-5] is NaN; a lower schedule.learningRate/);
  });

  it('stops with its step when a gradient is no number any more, though the loss hides it', async () => {
    const blurred = { ...engine, compile: async (...step: Parameters<Engine['compile']>) => blur(step) };
    const training = await prepareTraining({ settings: smallSettings(), seed: 0 }, dataset);
    const wild = readAll(train(training, { engine: blurred }));
    await expect(wild).rejects.toThrow(DivergedError);
    await expect(wild).rejects.toThrow(/^the norm of the gradients at step 2 is NaN; a lower schedule/);
  });

  it('stops when the last step of all spoils the weights, which only the evaluation sees', async () => {
    const images = await loadSmallMnist(64, 100);
    const wild = trainSmall({ schedule: { learningRate: 1e38, epochs: 1 } }, images);
    await expect(wild).rejects.toThrow(/^the loss of the evaluation after epoch 1 is (NaN|Infinity); /);
  });

  it('refuses a batch that is larger than the training set', async () => {
    const wide = trainSmall({ schedule: { batchSize: 2001 } });
    await expect(wide).rejects.toThrow(UserError);
    await expect(wide).rejects.toThrow(
      'schedule.batchSize is 2001, expected at most the 2000 training images',
    );
  });

  it('refuses a model that the images are too small for', async () => {
    const small: Dataset = { ...dataset, imageShape: [7, 112, 1] };
    await expect(trainSmall({ model: { name: 'lenet' } }, small)).rejects.toThrow(UserError);
  });
});
