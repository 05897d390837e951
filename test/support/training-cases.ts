/** @file Small but whole training setups: a model, a method, an optimizer, and batches of random images. */
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { epochOrder } from '../../src/data/batches.ts';
import type { Split } from '../../src/data/types.ts';
import { type NamedArrays, sizeOf } from '../../src/engines/types.ts';
import { createModel } from '../../src/models/registry.ts';
import { createRegularizer } from '../../src/regularizers/registry.ts';
import { TrainingFeeds } from '../../src/training/feeds.ts';
import { initialState } from '../../src/training/initial-state.ts';
import type { TrainingSetup } from '../../src/training/signature.ts';
import { buildTrainingStep, type TrainingStep } from '../../src/training/step.ts';
import { createNumbers } from './numbers.ts';

type Settings = z.input<typeof runSettingsSchema>;
type RegularizerInput = NonNullable<Settings['regularizer']>;
type ScheduleInput = NonNullable<Settings['schedule']>;

const SEED = 3;
const CLASSES = 4;
const IMAGES = 40;
const STEPS_PER_EPOCH = 10;

/** Sizes at which a step of the plain JavaScript engine takes milliseconds; 13 pixels are the least for a LeNet. */
const models = {
  mlp: { settings: { name: 'mlp', widths: [8, 6] }, imageShape: [5, 4, 1] },
  lenet: { settings: { name: 'lenet', filters: [2, 3], widths: [7] }, imageShape: [13, 14, 2] },
  standardizedLenet: {
    // Enough channels for the compiler to take its other way to filter gradients.
    settings: { name: 'lenet', filters: [8, 3], widths: [7], standardize: true, initialBias: 0.1 },
    imageShape: [14, 13, 1],
  },
  resnet: { settings: { name: 'resnet', filters: [2, 3, 4], units: 1 }, imageShape: [6, 5, 3] },
  vgg: { settings: { name: 'vgg', filters: [2, 2, 3, 3, 4], widths: [5] }, imageShape: [32, 32, 1] },
} as const;

export type CaseModel = keyof typeof models;

/** Every method in every form that traces to another program, with rates at which each part of it matters. */
export const METHODS: Readonly<Record<string, RegularizerInput>> = {
  none: { name: 'none' },
  'dropout of weights': { name: 'dropout', granularity: 'weight', dropRate: 0.25 },
  'dropout of units': { name: 'dropout', granularity: 'unit', dropRate: 0.25 },
  'targeted dropout of weights': { name: 'targeted', granularity: 'weight' },
  'targeted dropout of units': { name: 'targeted', granularity: 'unit' },
  'targeted dropout of entries in low units': { name: 'targeted', granularity: 'unit', perEntry: true },
  'L1 mean': { name: 'l1' },
  'L1 sum': { name: 'l1', coefficient: 0.01, reduction: 'sum' },
  'variational dropout': {
    name: 'variational',
    klScale: 1,
    dataCount: 100,
    warmupSteps: 3,
    initialLogVariance: -3,
  },
};

export const OPTIMIZERS: Readonly<Record<string, ScheduleInput['optimizer']>> = {
  sgd: { name: 'sgd' },
  momentum: { name: 'momentum' },
  nesterov: { name: 'nesterov' },
  adam: { name: 'adam' },
};

export interface TrainingCase {
  readonly setup: TrainingSetup;
  readonly compiled: TrainingStep;
  readonly state: NamedArrays;
  /** Feeds of a step, counted from 0; arrays are used again at the next call. */
  feedsOf(step: number): NamedArrays;
}

/** A model with the settings above, trained in batches of 4 on random images that depend on nothing else. */
export function createTrainingCase(
  modelName: CaseModel,
  regularizer: RegularizerInput,
  schedule: ScheduleInput = {},
): TrainingCase {
  const { settings: model, imageShape } = models[modelName];
  const settings = runSettingsSchema.parse({ model, regularizer, schedule: { batchSize: 4, ...schedule } });
  const setup: TrainingSetup = {
    model: createModel(settings.model, imageShape, CLASSES),
    regularizer: createRegularizer(settings.regularizer),
    schedule: settings.schedule,
  };
  const compiled = buildTrainingStep(setup);
  const feeds = new TrainingFeeds(setup, compiled, randomSplit(imageShape), STEPS_PER_EPOCH, SEED);
  const { batchSize } = settings.schedule;
  return {
    setup,
    compiled,
    state: initialState(setup, compiled.signature, SEED),
    feedsOf(step) {
      const epoch = Math.floor(step / STEPS_PER_EPOCH);
      return feeds.fill(step, epochOrder(SEED, epoch, IMAGES), (step % STEPS_PER_EPOCH) * batchSize);
    },
  };
}

function randomSplit(imageShape: readonly number[]): Split {
  const numbers = createNumbers(11);
  return {
    count: IMAGES,
    images: Uint8Array.from(numbers.uniform(IMAGES * sizeOf(imageShape)), (value) => 256 * value),
    labels: Uint8Array.from(numbers.uniform(IMAGES), (value) => CLASSES * value),
  };
}
