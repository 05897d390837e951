/** @file What the guard times: one training step of each kind of network, and an evaluation. */
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { blankDataset } from '../../src/data/load.ts';
import type { Engine } from '../../src/engines/types.ts';
import { TrainingProgram } from '../../src/training/program.ts';
import { prepareTraining } from '../../src/training/setup.ts';

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
  const training = await prepareTraining({ settings, seed: 0 }, blankDataset(settings.dataset));
  const steps = (await TrainingProgram.compile(engine, training)).steps();
  return async () => void (await steps.next());
}
