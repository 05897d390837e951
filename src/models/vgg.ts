/** @file VGG-16 with batch normalisation. */
import * as tf from '@tensorflow/tfjs';
import type { ModelSettings, SettingsOf } from '../config/schema.ts';
import { batchNorm, describeBatchNorm } from './batch-norm.ts';
import { type Block, chain, type ImageShape, stridedShape } from './blocks.ts';
import { createClassifier } from './classifier.ts';
import { describeConvolution, describeDense, type LayerDescription } from './parameters.ts';
import type { Layers, Model } from './types.ts';

/** Convolutions of each group (Simonyan & Zisserman 2015, table 1, column D). */
const CONVOLUTIONS = [2, 2, 3, 3, 3] as const;
const FILTER_SIZE = 3;
const POOL_SIZE = 2;

type Settings = SettingsOf<ModelSettings, 'vgg'>;

/**
 * Five groups of 3×3 convolutions with batch normalisation and ReLU, each followed by max-pool 2, which rounds odd
 * sizes up; dense layers with batch normalisation; `logits`. Layers before batch normalisation have no biases, which
 * it would take away.
 *
 * In the paper's code nothing but batch normalisation stands behind the dense layers; `denseRelu` adds the ReLU of the
 * original VGG. Prunable are all convolutions but the first and the dense layers but the logits.
 *
 * @param imageShape `[height, width, channels]`
 */
export function createVgg(settings: Settings, imageShape: ImageShape, classes: number): Model {
  const blocks: Block[] = [];
  let shape = imageShape;
  for (const [group, count] of CONVOLUTIONS.entries()) {
    const filters = settings.filters[group] ?? 0;
    for (let index = 0; index < count; index++) {
      const block = createConvolution(`group${group + 1}.conv${index + 1}`, shape, filters, settings);
      blocks.push(blocks.length === 0 ? { ...block, prunable: [] } : block);
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
  return { inputShape: imageShape, classes, ...chain(blocks) };
}

const pool: Block = {
  parameters: [],
  prunable: [],
  forward: (x) => tf.maxPool(x as tf.Tensor4D, POOL_SIZE, POOL_SIZE, 'same'),
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
    layers.dense(tf.reshape(x, [-1, inputs]), layer),
  );
}

/** A linear layer followed by batch normalisation `<layer>.norm` and, if wanted, ReLU. */
function normalize(
  layer: string,
  { parameters, weight }: LayerDescription,
  settings: Settings,
  activates: boolean,
  apply: (x: tf.Tensor, layers: Layers) => tf.Tensor,
): Block {
  const norm = `${layer}.norm`;
  return {
    parameters: [...parameters, ...describeBatchNorm(norm, weight.shape.at(-1) ?? 0)],
    prunable: [weight],
    forward(x, layers) {
      const normalized = batchNorm(apply(x, layers), norm, layers, settings.batchNorm);
      return activates ? tf.relu(normalized) : normalized;
    },
  };
}
