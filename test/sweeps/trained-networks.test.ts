/** @file Which images a swept network sees besides the test images: those that its run was trained on, and none that were held out. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Dataset, Split } from '../../src/data/types.ts';
import { holdOut } from '../../src/data/validation.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import type { Engine } from '../../src/engines/types.ts';
import { readFinalCheckpoint } from '../../src/runs/final-checkpoint.ts';
import { findRuns } from '../../src/runs/find.ts';
import type { EvaluationTerms } from '../../src/sweeps/rows.ts';
import { TrainedImages } from '../../src/sweeps/trained-images.ts';
import { TrainedNetworks } from '../../src/sweeps/trained-networks.ts';
import { NoisyEvaluator } from '../../src/training/noisy-evaluator.ts';
import { createSetup } from '../../src/training/setup.ts';
import { trainAndRecord } from '../runner/recording.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { loadSmallMnist, runOf, type SettingsInput, smallSettings } from '../training/small-mnist.ts';

const [SEED, IMAGES, HELD_OUT] = [3, 96, 32];

let engine: Engine;
let dataset: Dataset;
beforeAll(async () => {
  engine = await createOnnxEngine({ threads: 1 });
  dataset = await loadSmallMnist(IMAGES, 60);
});
afterEach(() => vi.restoreAllMocks());

/** Trains a run. @returns what evaluates its network, unpruned, where other training images may lie */
async function train(input: SettingsInput) {
  const resultsDirectory = temporaryFolder();
  const run = runOf(smallSettings(input), SEED);
  await trainAndRecord({ resultsDirectory, run, dataset, engine, environment: ENVIRONMENT });
  const [found] = findRuns(resultsDirectory, ['test']).runs;
  if (found?.state !== 'done') throw new Error('the run is not done');
  const evaluate = async (terms: EvaluationTerms, images = dataset) => {
    vi.spyOn(TrainedImages.prototype, 'load').mockResolvedValue(images);
    const networks = new TrainedNetworks(engine, () => {
      throw new Error('nothing is fetched');
    });
    try {
      const network = await networks.open(found, []);
      return await network.evaluate(network.state, terms);
    } finally {
      networks.dispose();
    }
  };
  return Object.assign(evaluate, { state: readFinalCheckpoint(found).arrays });
}

/** The images with some training images painted over. */
function paintOver(members: Uint32Array): Dataset {
  const { images } = dataset.train;
  const size = images.length / IMAGES;
  const painted = images.slice();
  for (const index of members) painted.fill(255, index * size, (index + 1) * size);
  return { ...dataset, train: { ...dataset.train, images: painted } };
}

const membersOf = (split: Split | undefined): Uint32Array => split?.members ?? new Uint32Array();

describe('batch-norm averages that are taken anew', () => {
  const RESNET: SettingsInput = {
    dataset: { validation: HELD_OUT },
    model: { name: 'resnet', filters: [2, 2], units: 1 },
    schedule: { epochs: 1, batchSize: 32 },
  };

  it('depend on the images that the run was trained on, and on none that it held out', async () => {
    const evaluate = await train(RESNET);
    const terms = { evaluation: 'dense', draws: 0, recalibrated: IMAGES - HELD_OUT } as const;
    const { validation, train: trained } = holdOut(dataset, HELD_OUT, SEED);
    expect(membersOf(validation)).toHaveLength(HELD_OUT);
    const own = await evaluate(terms);
    expect(await evaluate(terms, paintOver(membersOf(validation)))).toEqual(own);
    const others = await evaluate(terms, paintOver(membersOf(trained).subarray(0, HELD_OUT)));
    expect(others.loss).not.toBeCloseTo(own.loss, 4);
  });

  it('need no more images than were trained on', async () => {
    const evaluate = await train(RESNET);
    const terms = { evaluation: 'dense', draws: 0, recalibrated: IMAGES - HELD_OUT + 1 } as const;
    await expect(evaluate(terms)).rejects.toThrow(
      `--recalibrate is ${IMAGES - HELD_OUT + 1}, expected at most the ${IMAGES - HELD_OUT} training images`,
    );
  });
});

describe('the noise of an evaluation', () => {
  it('is that of the last step of training, which comes earlier where images are held out', async () => {
    const input: SettingsInput = {
      dataset: { validation: HELD_OUT },
      // Two steps with the images that are left, where all would make three.
      regularizer: { name: 'ramping', granularity: 'weight', ramp: { first: '2it', second: '1it' } },
      schedule: { epochs: 1, batchSize: 32 },
    };
    const evaluate = await train(input);
    const own = await evaluate({ evaluation: 'stochastic', draws: 1, recalibrated: 0 });
    const setup = await createSetup(smallSettings(input), dataset);
    const direct = async (images: Dataset) => {
      const evaluator = await NoisyEvaluator.create(engine, setup, images);
      return evaluator.evaluate(evaluate.state, { seed: SEED, count: 1 });
    };
    expect(own).toEqual(await direct(holdOut(dataset, HELD_OUT, SEED)));
    expect(own.loss).not.toBeCloseTo((await direct(dataset)).loss, 6);
  });
});
