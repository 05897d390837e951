/** @file What the guard times: one training step of each kind of network, and an evaluation. */
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { epochOrder } from '../../src/data/batches.ts';
import { blankDataset } from '../../src/data/load.ts';
import type { Engine } from '../../src/engines/types.ts';
import { TrainingFeeds } from '../../src/training/feeds.ts';
import { initialState } from '../../src/training/initial-state.ts';
import { buildTrainingStep } from '../../src/training/step.ts';
import { planTraining } from '../../src/training/trainer.ts';

type Settings = z.input<typeof runSettingsSchema>;

const targeted = { name: 'targeted', granularity: 'weight' } as const;
const cifar = { name: 'cifar10', augmentation: 'crop-flip', normalization: 'standardize' } as const;
const schedule = { batchSize: 128, weightDecay: 5e-4, gradientClip: 1 } as const;

/** In the order in which they are timed and reported. */
export const WORKLOADS: Readonly<Record<string, Settings>> = {
  'mlp none': { model: { name: 'mlp' }, schedule },
  'mlp targeted-weight': { model: { name: 'mlp' }, regularizer: targeted, schedule },
  'lenet targeted-weight': { model: { name: 'lenet' }, regularizer: targeted, schedule },
  'resnet none': {
    dataset: cifar,
    model: { name: 'resnet', filters: [16, 16, 32, 64], units: 1 },
    schedule,
  },
  'resnet targeted-weight': {
    dataset: cifar,
    model: { name: 'resnet', filters: [16, 16, 32, 64], units: 1 },
    regularizer: targeted,
    schedule,
  },
};

/** Takes training steps of a workload on blank images, feeds included, one a call. */
export async function createWorkload(engine: Engine, input: Settings): Promise<() => Promise<void>> {
  const settings = runSettingsSchema.parse(input);
  const dataset = blankDataset(settings.dataset);
  const { setup, stepsPerEpoch } = await planTraining(settings, dataset);
  const compiled = buildTrainingStep(setup);
  const program = await engine.compile(compiled.step, compiled.signature);
  await program.writeState(initialState(setup, compiled.signature, 0));
  const feeds = new TrainingFeeds(setup, compiled, dataset.train, stepsPerEpoch, 0);
  const order = epochOrder(0, 0, dataset.train.count);
  let step = 0;
  return async () => {
    const first = (step % stepsPerEpoch) * settings.schedule.batchSize;
    await program.run(feeds.fill(step, order, first));
    step++;
  };
}
