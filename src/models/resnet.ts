/** @file Residual network with pre-activation; the paper's ResNet-32 with its default sizes. */
import * as tf from '@tensorflow/tfjs';
import type { ModelSettings, SettingsOf } from '../config/schema.ts';
import type { Initializer } from '../random/types.ts';
import { type BatchNormSettings, batchNorm, describeBatchNorm } from './batch-norm.ts';
import { type Block, chain, type ImageShape, stridedShape } from './blocks.ts';
import { createClassifier } from './classifier.ts';
import { describeConvolution } from './parameters.ts';
import type { Model } from './types.ts';

const FIRST_FILTER_SIZE = 7;
const FILTER_SIZE = 3;

interface UnitOptions {
  /** Prefix of the names of the unit's layers. */
  readonly stage: string;
  readonly inputShape: ImageShape;
  readonly outputShape: ImageShape;
  readonly stride: number;
  readonly initializer: Initializer;
  readonly batchNorm: BatchNormSettings;
}

/**
 * `conv1` 7×7, stages of residual units, batch normalisation with ReLU, mean over the pixels, `logits`. The first unit
 * of every stage but the first halves height and width. Convolutions have no biases, as in the paper's code: batch
 * normalisation follows them all, directly or behind a sum.
 *
 * Prunable are all convolutions but the first, the shortcuts' included: only so do the paper's settings give the
 * 1,849,344 weights in 2,464 filters over which it counts sparsity.
 *
 * @param imageShape `[height, width, channels]`
 */
export function createResnet(
  settings: SettingsOf<ModelSettings, 'resnet'>,
  imageShape: ImageShape,
  classes: number,
): Model {
  const initializer = { kind: settings.initializer };
  const [firstFilters = 0, ...stageFilters] = settings.filters;
  const first = createFirstConvolution(imageShape, firstFilters, initializer);
  const blocks: Block[] = [first];
  let shape = stridedShape(imageShape, 1, firstFilters);
  for (const [index, filters] of stageFilters.entries()) {
    const stride = index === 0 ? 1 : 2;
    const outputShape = stridedShape(shape, stride, filters);
    const options = { stage: `stage${index + 1}`, outputShape, initializer, batchNorm: settings.batchNorm };
    for (let unit = 1; unit <= settings.units; unit++) {
      blocks.push(createUnit(unit, { ...options, inputShape: shape, stride: unit === 1 ? stride : 1 }));
      shape = outputShape;
    }
  }
  const features = shape[2];
  blocks.push(createActivation('norm', features, settings.batchNorm), globalAveragePool);
  blocks.push(createClassifier(features, [], classes, initializer));
  return { inputShape: imageShape, classes, ...chain(blocks) };
}

function createFirstConvolution(inputShape: ImageShape, filters: number, kernel: Initializer): Block {
  const outputShape = stridedShape(inputShape, 1, filters);
  const description = describeConvolution('conv1', FIRST_FILTER_SIZE, inputShape[2], outputShape, { kernel });
  return {
    parameters: description.parameters,
    prunable: [],
    forward: (x, layers) => layers.convolution(x, 'conv1', { stride: 1, padding: 'same' }),
  };
}

const globalAveragePool: Block = { parameters: [], prunable: [], forward: (x) => tf.mean(x, [1, 2]) };

/**
 * One residual unit: batch normalisation and ReLU before each of two 3×3 convolutions, whose result is added to the
 * input (He et al. 2016, "Identity Mappings in Deep Residual Networks", figure 4e). In the first unit of a stage the
 * activated input is added instead, through a 1×1 convolution `shortcut` of the same stride as the first convolution.
 *
 * @param unit its number in the stage, from 1
 */
function createUnit(unit: number, options: UnitOptions): Block {
  const { inputShape, outputShape, stride, initializer: kernel } = options;
  const name = `${options.stage}.unit${unit}`;
  const convolution = (layer: string, size: number, channels: number) =>
    describeConvolution(`${name}.${layer}`, size, channels, outputShape, { kernel });
  const [inputs, filters] = [inputShape[2], outputShape[2]];
  const activation1 = createActivation(`${name}.norm1`, inputs, options.batchNorm);
  const activation2 = createActivation(`${name}.norm2`, filters, options.batchNorm);
  const conv1 = convolution('conv1', FILTER_SIZE, inputs);
  const conv2 = convolution('conv2', FILTER_SIZE, filters);
  const shortcuts = unit === 1 ? [convolution('shortcut', 1, inputs)] : [];
  return {
    parameters: [activation1, ...shortcuts, conv1, activation2, conv2].flatMap(
      ({ parameters }) => parameters,
    ),
    prunable: [...shortcuts, conv1, conv2].map(({ weight }) => weight),
    forward(x, layers) {
      const convolve = (input: tf.Tensor, layer: string, strideOf: number): tf.Tensor =>
        layers.convolution(input, `${name}.${layer}`, { stride: strideOf, padding: 'same' });
      const activated = activation1.forward(x, layers);
      const kept = unit === 1 ? convolve(activated, 'shortcut', stride) : x;
      const hidden = activation2.forward(convolve(activated, 'conv1', stride), layers);
      return tf.add(kept, convolve(hidden, 'conv2', 1));
    },
  };
}

/** Batch normalisation and ReLU. */
function createActivation(layer: string, channels: number, settings: BatchNormSettings): Block {
  return {
    parameters: describeBatchNorm(layer, channels),
    prunable: [],
    forward: (x, layers) => tf.relu(batchNorm(x, layer, layers, settings)),
  };
}
