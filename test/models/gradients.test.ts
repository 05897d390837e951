/** @file Gradients of whole networks with each regularizer against finite differences in double precision. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { regularizedLayers } from '../../src/methods/layers.ts';
import type { Regularizer, WeightContext } from '../../src/methods/types.ts';
import { createModel } from '../../src/models/registry.ts';
import type { Model } from '../../src/models/types.ts';
import { createContext, type NamedTensors, randomNormal, randomParameters } from '../support/contexts.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import { directionsOf, finiteDifferences, project, slopesAlong } from '../support/finite-differences.ts';
import { createMethod } from '../support/methods.ts';
import {
  type NaiveLinear,
  type NaiveParameters,
  naiveClassifier,
  naiveLenet,
  parameterOf,
  plainLinear,
} from '../support/naive-networks.ts';
import { naiveResnet, naiveVgg, naiveWideResnet } from '../support/naive-normalized-networks.ts';
import { createNumbers } from '../support/numbers.ts';
import { naiveKl, naiveLogAlpha } from '../support/variational-formulas.ts';

beforeAll(useCpuBackend);

const STATE = '/logVariance';
const EPSILON = 0.01;

interface Case {
  readonly network: string;
  /** Names of the regularizers to try; all if absent. */
  readonly methods?: readonly string[];
  readonly settings: object;
  /** Batch normalisation of two examples would leave nothing but their order. */
  readonly batch: number;
  readonly imageShape: readonly [number, number, number];
  /** Compare slopes along random directions of each array, of which there are too many elements to shift one by one. */
  readonly alongDirections?: boolean;
  /** Largest error relative to the largest gradient, if not 5e-6. */
  readonly bound?: number;
  naive(images: number[], parameters: NaiveParameters, linear: NaiveLinear): number[];
}

const networks: readonly Case[] = [
  {
    network: 'mlp',
    batch: 2,
    settings: { name: 'mlp', widths: [12, 10] },
    imageShape: [2, 3, 1],
    naive: (images, parameters, linear) => naiveClassifier(images, 6, 2, parameters, linear),
  },
  {
    network: 'lenet',
    batch: 2,
    settings: { name: 'lenet', filters: [2, 3], widths: [4], standardize: true },
    imageShape: [13, 14, 1],
    naive: (images, parameters, linear) =>
      naiveLenet({ data: images, shape: [2, 13, 14, 1] }, 1, true, parameters, linear),
  },
  {
    network: 'resnet',
    methods: ['none', 'targeted', 'variational'],
    batch: 3,
    settings: { name: 'resnet', filters: [2, 2, 2], units: 2, batchNorm: { epsilon: EPSILON } },
    imageShape: [4, 3, 1],
    naive: (images, parameters, linear) =>
      naiveResnet({ data: images, shape: [3, 4, 3, 1] }, 2, 2, { parameters, linear, epsilon: EPSILON }),
  },
  {
    network: 'wide-resnet',
    methods: ['none', 'targeted'],
    batch: 3,
    settings: { name: 'wide-resnet', depth: 10, width: 1, batchNorm: { epsilon: EPSILON } },
    imageShape: [3, 2, 1],
    alongDirections: true,
    // Sums of up to 576 products in single precision.
    bound: 2e-5,
    naive: (images, parameters, linear) =>
      naiveWideResnet({ data: images, shape: [3, 3, 2, 1] }, 10, 1, { parameters, linear, epsilon: EPSILON }),
  },
  {
    network: 'vgg',
    // A network so narrow would lose whole layers to masks.
    methods: ['none'],
    batch: 4,
    settings: { name: 'vgg', filters: [2, 2, 2, 2, 2], widths: [3, 4], batchNorm: { epsilon: EPSILON } },
    imageShape: [7, 6, 1],
    naive: (images, parameters, linear) =>
      naiveVgg({ data: images, shape: [4, 7, 6, 1] }, 2, { parameters, linear, epsilon: EPSILON }),
  },
];

const regularizers = [
  { name: 'none' },
  { name: 'dropout', granularity: 'weight', dropRate: 0.3 },
  { name: 'dropout', granularity: 'unit', dropRate: 0.3 },
  { name: 'targeted', granularity: 'weight', dropRate: 0.6, targetRate: 0.5 },
  { name: 'targeted', granularity: 'unit', dropRate: 0.6, targetRate: 0.5 },
  { name: 'l1', coefficient: 0.7 },
  { name: 'variational', klScale: 3, dataCount: 10, warmupSteps: 0 },
];

const valuesOf = (tensors: NamedTensors): Record<string, number[]> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, [...tensor.dataSync()]]));

/** Loss and gradients as a training step takes them: contexts are rebuilt from the differentiated tensors. */
function differentiate(
  model: Model,
  regularizer: Regularizer,
  trained: NamedTensors,
  contexts: Readonly<Record<string, WeightContext>>,
  images: tf.Tensor,
): { loss: number; gradients: Record<string, number[]> } {
  const names = Object.keys(trained);
  const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
    const current = Object.fromEntries(names.map((name, index) => [name, tensors[index] ?? tf.scalar(0)]));
    const averages = model.parameters.filter(({ role }) => role === 'average');
    // Training moves them but computes nothing from them.
    for (const { name, shape } of averages) current[name] = tf.fill([...shape], Number.NaN);
    const fresh = Object.fromEntries(
      Object.entries(contexts).map(([name, context]) => {
        const logVariance = current[`${name}${STATE}`];
        const state = logVariance === undefined ? context.state : { logVariance };
        return [name, { ...context, weight: current[name] ?? context.weight, state }];
      }),
    );
    const logits = model.forward(images, regularizedLayers(current, regularizer, fresh));
    const penalties = Object.values(fresh).map((context) => regularizer.penalty?.(context) ?? tf.scalar(0));
    return penalties.reduce<tf.Scalar>((sum, penalty) => tf.add(sum, penalty), tf.sum(tf.square(logits)));
  })(Object.values(trained));
  const gradients = valuesOf(Object.fromEntries(names.map((name, i) => [name, grads[i] ?? tf.scalar(0)])));
  return { loss: Number(value.dataSync()[0]), gradients };
}

/** The regularizer's part in plain numbers; masks are taken as drawn, their choice is tested elsewhere. */
function naiveLinear(
  parameters: NaiveParameters,
  contexts: Readonly<Record<string, WeightContext>>,
): NaiveLinear {
  const plain = plainLinear(parameters);
  return (x, name, apply) => {
    const context = contexts[name];
    const kernel = parameterOf(parameters, name);
    const logVariances = parameters[`${name}${STATE}`];
    if (context !== undefined && logVariances !== undefined) {
      const variances = kernel.map(
        (w, index) => Math.exp(naiveLogAlpha(w, Number(logVariances[index]))) * w ** 2,
      );
      const noise = context.noise.output?.dataSync() ?? [];
      const spread = apply(
        x.map((value) => value ** 2),
        variances,
      );
      return apply(x, kernel).map(
        (mean, index) => mean + Math.sqrt(Number(spread[index]) + 1e-8) * Number(noise[index]),
      );
    }
    const mask = [...(context?.prepared.mask?.dataSync() ?? [])];
    if (mask.length === 0) return plain(x, name, apply);
    return apply(
      x,
      kernel.map((w, index) => w * Number(mask[index % mask.length])),
    );
  };
}

function naivePenalty(name: string, parameters: NaiveParameters, contexts: object): number {
  return Object.keys(contexts).reduce((sum, weight) => {
    const kernel = parameterOf(parameters, weight);
    if (name === 'l1') return sum + (0.7 * kernel.reduce((l1, w) => l1 + Math.abs(w), 0)) / kernel.length;
    if (name !== 'variational') return sum;
    const logVariances = parameterOf(parameters, `${weight}${STATE}`);
    return kernel.reduce((kl, w, i) => kl + 0.3 * naiveKl(naiveLogAlpha(w, Number(logVariances[i]))), sum);
  }, 0);
}

describe.each(networks)('$network', (network) => {
  const { settings, batch, imageShape, alongDirections, bound = 5e-6, naive, methods } = network;
  const tried = regularizers.filter(({ name }) => methods === undefined || methods.includes(name));
  it.each(tried)('has the loss and gradients of plain loops under %o', (method) => {
    const numbers = createNumbers(17);
    const parsed = runSettingsSchema.parse({ model: settings, regularizer: method });
    const model = createModel(parsed.model, imageShape, 3);
    const regularizer = createMethod(parsed.regularizer);
    const trainable = model.parameters.filter(({ role }) => role !== 'average');
    const parameters = { ...randomParameters(trainable, numbers) };
    // Scales near 0 would leave deep networks with dead channels, whose gradients are all zero.
    for (const { name, role } of trainable) {
      if (role === 'scale') parameters[name] = tf.add(1, parameters[name] ?? 0);
    }
    const images = randomNormal([batch, ...imageShape], numbers);
    const contexts: Record<string, WeightContext> = {};
    const trained: Record<string, tf.Tensor> = { ...parameters };
    for (const spec of model.prunable) {
      const weight = parameters[spec.name] ?? tf.scalar(0);
      contexts[spec.name] = createContext(regularizer, spec, weight, numbers, { batchSize: batch });
      if (method.name === 'variational')
        trained[`${spec.name}${STATE}`] = tf.sub(randomNormal(spec.shape, numbers), 4);
    }

    const differentiated = differentiate(model, regularizer, trained, contexts, images);

    const pixels = [...images.dataSync()];
    const naiveLoss = (values: NaiveParameters): number =>
      naive(pixels, values, naiveLinear(values, contexts)).reduce((sum, logit) => sum + logit ** 2, 0) +
      naivePenalty(method.name, values, contexts);
    const values = valuesOf(trained);
    const expectedLoss = naiveLoss(values);
    expect(differentiated.loss / expectedLoss).toBeCloseTo(1, 5);
    const directions = directionsOf(values);
    const gradients = alongDirections
      ? project(differentiated.gradients, directions)
      : differentiated.gradients;
    const expected = alongDirections
      ? slopesAlong(directions, naiveLoss, values)
      : finiteDifferences(naiveLoss, values);
    const largest = Math.max(...Object.values(expected).flat().map(Math.abs));
    for (const [name, gradient] of Object.entries(gradients)) {
      const errors = gradient.map(
        (value, index) => Math.abs(value - Number(expected[name]?.[index])) / largest,
      );
      expect(Math.max(...errors), name).toBeLessThan(bound);
      expect(
        gradient.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
  });
});
