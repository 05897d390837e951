/** @file VGG-16 with batch normalisation. */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import { z } from 'zod';
import { count, name } from '../settings/values.ts';
import { type Block, chain, type ImageShape, stridedShape } from './blocks.ts';
import { createClassifier } from './classifier.ts';
import { defineModel } from './definition.ts';
import {
  describeBatchNorm,
  describeConvolution,
  describeDense,
  type LayerDescription,
} from './parameters.ts';
import { batchNorm, describeFirstConvolution, firstConvolution, initializer, widths } from './settings.ts';
import type { Layers } from './types.ts';

/** Convolutions of each group (Simonyan & Zisserman 2015, table 1, column D). */
const CONVOLUTIONS = [2, 2, 3, 3, 3] as const;
const FILTER_SIZE = 3;
const POOL_SIZE = 2;

const vggSettings = z.strictObject({
  name: name('vgg'),
  /** Filters of the convolutions in each of the five groups. */
  filters: z.tuple([count, count, count, count, count]).default([64, 128, 256, 512, 512]),
  /** Units of each hidden dense layer. */
  widths: widths.default([4096, 4096]),
  /** ReLU after each hidden dense layer, as in the original VGG; the paper's code has none. */
  denseRelu: z.boolean().default(false),
  firstConvolution,
  batchNorm,
  initializer,
});

type Settings = z.output<typeof vggSettings>;

/**
 * Five groups of 3×3 convolutions with batch normalisation and ReLU, each followed by max-pool 2, which rounds odd
 * sizes up; dense layers with batch normalisation; `logits`. Layers before batch normalisation have no biases, which
 * it would take away.
 *
 * In the paper's code nothing but batch normalisation stands behind the dense layers; `denseRelu` adds the ReLU of the
 * original VGG. Prunable are all convolutions but the first, unless `firstConvolution` says otherwise, and the dense layers but
 * the logits.
 */
export const vgg = defineModel({
  name: 'vgg',
  summary: 'VGG-16 with batch normalisation',
  settings: vggSettings,
  published: [
    {
      name: 'vgg16',
      dataset: 'cifar100',
      title: 'vgg 64-128-256-512-512, 4096-4096',
      settings: { filters: [64, 128, 256, 512, 512], widths: [4096, 4096], firstConvolution: 'exempt' },
      epochs: 256,
    },
  ],
  describe: (settings) =>
    `vgg ${settings.filters.join('-')}, ${settings.widths.join('-')}${describeFirstConvolution(settings)}`,
  create: (settings, imageShape, classes) => ({
    inputShape: imageShape,
    classes,
    ...chain(createBlocks(settings, imageShape, classes)),
  }),
});

function createBlocks(settings: Settings, imageShape: ImageShape, classes: number): Block[] {
  const blocks: Block[] = [];
  let shape = imageShape;
  for (const [group, count] of CONVOLUTIONS.entries()) {
    const filters = settings.filters[group] ?? 0;
    for (let index = 0; index < count; index++) {
      const block = createConvolution(`group${group + 1}.conv${index + 1}`, shape, filters, settings);
      const isExempt = blocks.length === 0 && settings.firstConvolution === 'exempt';
      blocks.push(isExempt ? { ...block, prunable: [] } : block);
      shape = stridedShape(shape, 1, filters);
    }
    blocks.push(pool);
    shape = stridedShape(shape, POOL_SIZE, filters);
  }
  const features = shape.reduce((product, extent) => product * extent, 1);
  const widths = [features, ...settings.widths];
  for (const [index, width] of settings.widths.entries()) {
    blocks.push(createDense(`dense${index + 1}`, widths[index] ?? features, width, settings));
  }
  blocks.push(createClassifier(widths.at(-1) ?? features, [], classes, { kind: settings.initializer }));
  return blocks;
}

const pool: Block = {
  parameters: [],
  prunable: [],
  forward: (x, { tf }) => tf.maxPool(x as Tensor4D, POOL_SIZE, POOL_SIZE, 'same'),
};

function createConvolution(
  layer: string,
  inputShape: ImageShape,
  filters: number,
  settings: Settings,
): Block {
  const outputShape = stridedShape(inputShape, 1, filters);
  const kernel = { kind: settings.initializer };
  const description = describeConvolution(layer, FILTER_SIZE, inputShape[2], outputShape, { kernel });
  return normalize(layer, description, settings, true, (x, layers) =>
    layers.convolution(x, layer, { stride: 1, padding: 'same' }),
  );
}

function createDense(layer: string, inputs: number, units: number, settings: Settings): Block {
  const description = describeDense(layer, inputs, units, { kernel: { kind: settings.initializer } });
  return normalize(layer, description, settings, settings.denseRelu, (x, layers) =>
    layers.dense(layers.tf.reshape(x, [-1, inputs]), layer),
  );
}

/** A linear layer followed by batch normalisation `<layer>.norm` and, if wanted, ReLU. */
function normalize(
  layer: string,
  { parameters, weight }: LayerDescription,
  settings: Settings,
  activates: boolean,
  apply: (x: Tensor, layers: Layers) => Tensor,
): Block {
  const norm = `${layer}.norm`;
  return {
    parameters: [...parameters, ...describeBatchNorm(norm, weight.shape.at(-1) ?? 0)],
    prunable: [weight],
    forward(x, layers) {
      const normalized = layers.batchNorm(apply(x, layers), norm, settings.batchNorm);
      return activates ? layers.tf.relu(normalized) : normalized;
    },
  };
}
