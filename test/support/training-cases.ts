/** @file Small but whole training setups: a model, a method, an optimizer, and batches of random images. */

import type { z } from 'zod';
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import type { Split } from '../../src/data/types.ts';
import { createModel } from '../../src/models/registry.ts';
import { beginningOf } from '../../src/training/beginning.ts';
import { TrainingFeeds } from '../../src/training/feeds.ts';
import { initialState } from '../../src/training/initial-state.ts';
import type { TrainingSetup } from '../../src/training/signature.ts';
import { buildTrainingStep, type TrainingStep } from '../../src/training/step.ts';
import { createMethod } from './methods.ts';
import { createNumbers } from './numbers.ts';

type Settings = z.input<typeof runSettingsSchema>;
export type RegularizerInput = NonNullable<Settings['regularizer']>;
type ScheduleInput = NonNullable<Settings['schedule']>;

const CLASSES = 4;
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
  // Pools that cover the images, and two filters behind those that fill vectors: pooled convolutions as LeNet-5 has them.
  pooledLenet: { settings: { name: 'lenet', filters: [20, 50], widths: [7] }, imageShape: [16, 16, 1] },
  resnet: { settings: { name: 'resnet', filters: [2, 3, 4], units: 1 }, imageShape: [6, 5, 3] },
  // Channels and images in whole blocks, with steps of two: the compiler's blocked layout from end to end.
  blockedResnet: {
    settings: { name: 'resnet', filters: [16, 16, 32], units: 1 },
    imageShape: [6, 4, 3],
    batchSize: 16,
  },
  // The first stage keeps the shape of its input: shortcuts without a convolution, in whole blocks.
  wideResnet: { settings: { name: 'wide-resnet', depth: 10, width: 1 }, imageShape: [5, 4, 3] },
  vgg: { settings: { name: 'vgg', filters: [2, 2, 3, 3, 4], widths: [5] }, imageShape: [32, 32, 1] },
  // With the usual epsilon its last groups, which normalise few pixels many times in a row, would let rounding errors grow.
  smoothVgg: {
    settings: {
      name: 'vgg',
      filters: [3, 4, 5, 6, 6],
      widths: [8, 7],
      denseRelu: true,
      batchNorm: { epsilon: 0.1 },
    },
    imageShape: [16, 16, 3],
    batchSize: 6,
  },
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
  'targeted dropout with L1': { name: 'targeted', granularity: 'unit', l1: 0.1 },
  // Rates that change at every step of a test, up to their end.
  'ramping targeted dropout of weights': {
    name: 'ramping',
    granularity: 'weight',
    dropRate: 0.8,
    targetRate: 0.8,
    ramp: { first: '2it', second: '2it' },
  },
  'ramping targeted dropout of units': {
    name: 'ramping',
    granularity: 'unit',
    dropRate: 0.8,
    ramp: { first: '1it', second: '3it' },
  },
  'targeted dropout of inputs': { name: 'targeted-ard', dropRate: 0.5 },
  'targeted dropout of whole inputs': { name: 'targeted-ard', dropRate: 0.5, perEntry: false },
  'delayed pruning of weights': { name: 'delayed-prune', granularity: 'weight', delay: '2it' },
  'delayed pruning of units': { name: 'delayed-prune', granularity: 'unit', delay: '2it' },
  'random pruning of weights': { name: 'random-prune', granularity: 'weight' },
  'random pruning of units': { name: 'random-prune', granularity: 'unit', targetRate: 0.4 },
  'random dropout of a fixed set': { name: 'random-prune', granularity: 'weight', dropRate: 0.5 },
  'targeted dropout of weights by saliency': { name: 'targeted-saliency', granularity: 'weight' },
  'targeted dropout of units by saliency': { name: 'targeted-saliency', granularity: 'unit' },
  // A mask at each other step of a test.
  'gradual pruning of weights': {
    name: 'gradual-magnitude',
    granularity: 'weight',
    begin: 0,
    end: '4it',
    every: '2it',
    initialRate: 0.2,
  },
  'gradual pruning of units': {
    name: 'gradual-magnitude',
    granularity: 'unit',
    targetRate: 0.6,
    begin: '1it',
    end: '3it',
    every: '1it',
  },
  // Both train under a mask that stays.
  'fine-tuning of a pruned network': { name: 'fine-tune', granularity: 'weight', learningRate: 0.05 },
  'rewinding of a pruned network': { name: 'rewind', granularity: 'unit' },
  'L1 mean': { name: 'l1' },
  'L1 sum': { name: 'l1', coefficient: 0.01, reduction: 'sum' },
  'variational dropout': {
    name: 'variational',
    klScale: 1,
    dataCount: 100,
    warmupSteps: 3,
    initialLogVariance: -3,
  },
  'variational dropout of units': {
    name: 'variational',
    granularity: 'unit',
    klScale: 1,
    dataCount: 100,
    warmupSteps: 3,
    initialLogVariance: -3,
  },
  'L0 gates of weights': { name: 'l0', granularity: 'weight', dataCount: 100, initialDropRate: 0.3 },
  'L0 gates of units': { name: 'l0', granularity: 'unit', dataCount: 100, initialDropRate: 0.3 },
  'Smallify of weights': { name: 'smallify', granularity: 'weight', coefficient: 0.01 },
  'Smallify of units': { name: 'smallify', granularity: 'unit', coefficient: 0.01 },
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

/**
 * A model with the settings above, trained in batches of 4 unless they say otherwise, on random images that depend on
 * nothing else.
 */
export function createTrainingCase(
  modelName: CaseModel,
  regularizer: RegularizerInput,
  schedule: ScheduleInput = {},
  seed = 3,
): TrainingCase {
  const { settings: model, imageShape, ...rest } = models[modelName];
  const { batchSize } = { batchSize: 4, ...rest };
  const settings = runSettingsSchema.parse({ model, regularizer, schedule: { batchSize, ...schedule } });
  const setup: TrainingSetup = {
    model: createModel(settings.model, imageShape, CLASSES),
    regularizer: createMethod(regularizer),
    schedule: settings.schedule,
  };
  const compiled = buildTrainingStep(setup);
  const images = STEPS_PER_EPOCH * settings.schedule.batchSize;
  const parent = { settings: { ...settings, regularizer: { name: 'none' as const } }, seed };
  const fed = {
    ...setup,
    ...compiled,
    seed,
    stepsPerEpoch: STEPS_PER_EPOCH,
    beginning: beginningOf({ settings, seed, parent }, images),
    dataset: { train: randomSplit(imageShape, images) },
  };
  const feeds = new TrainingFeeds(fed);
  const state = { ...initialState(fed), ...drawMasks(setup) };
  return { setup, compiled, state, feedsOf: (step) => feeds.fill(step) };
}

/** Methods whose masks come from the network of another run. */
const CONTINUED: ReadonlySet<string> = new Set(['fine-tune', 'rewind']);

/** A third of the entries is 0. */
function drawMasks({ model, regularizer }: TrainingSetup): NamedArrays {
  if (!CONTINUED.has(regularizer.name)) return {};
  const numbers = createNumbers(23);
  const draw = (count: number) =>
    Float32Array.from(numbers.uniform(count), (value) => (value < 1 / 3 ? 0 : 1));
  return Object.fromEntries(model.prunable.map(({ name, shape }) => [`${name}/mask`, draw(sizeOf(shape))]));
}

function randomSplit(imageShape: readonly number[], count: number): Split {
  const numbers = createNumbers(11);
  return {
    count,
    images: Uint8Array.from(numbers.uniform(count * sizeOf(imageShape)), (value) => 256 * value),
    labels: Uint8Array.from(numbers.uniform(count), (value) => CLASSES * value),
  };
}
