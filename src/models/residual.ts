/** @file Residual networks with pre-activation (He et al. 2016, "Identity Mappings in Deep Residual Networks"). */
import type { Initializer } from '../random/types.ts';
import { type Block, chain, type ImageShape, stridedShape } from './blocks.ts';
import { createClassifier } from './classifier.ts';
import { describeBatchNorm, describeConvolution } from './parameters.ts';
import type { BatchNormSettings, Model } from './types.ts';

const FILTER_SIZE = 3;

export interface ResidualNetwork {
  /** Filters of the first convolution. */
  readonly firstFilters: number;
  /** Height and width of its filters. */
  readonly firstFilterSize: number;
  /** Filters of each stage. */
  readonly stageFilters: readonly number[];
  /** Residual units of each stage. */
  readonly units: number;
  /** Whether the first unit of a stage has a shortcut with a convolution even where its input has the shape of its output. */
  readonly convolvesEveryShortcut: boolean;
  /** Whether a unit begins with batch normalisation and ReLU. */
  readonly activatesInputs: boolean;
  readonly initializer: Initializer;
  readonly batchNorm: BatchNormSettings;
}

/**
 * `conv1`, stages of residual units, batch normalisation with ReLU, mean over the pixels, `logits`. The first unit of
 * every stage but the first halves height and width. Convolutions have no biases: batch normalisation follows them all,
 * directly or behind a sum. Prunable are all convolutions but the first, the shortcuts' included.
 *
 * @param imageShape `[height, width, channels]`
 */
export function createResidualNetwork(
  network: ResidualNetwork,
  imageShape: ImageShape,
  classes: number,
): Model {
  const { activatesInputs, initializer, batchNorm, units } = network;
  const blocks: Block[] = [createFirstConvolution(imageShape, network)];
  let shape = stridedShape(imageShape, 1, network.firstFilters);
  for (const [index, filters] of network.stageFilters.entries()) {
    const stride = index === 0 ? 1 : 2;
    const outputShape = stridedShape(shape, stride, filters);
    const needsConvolution = network.convolvesEveryShortcut || stride > 1 || filters !== shape[2];
    for (let unit = 1; unit <= units; unit++) {
      const isFirst = unit === 1;
      blocks.push(
        createUnit({
          name: `stage${index + 1}.unit${unit}`,
          inputShape: shape,
          outputShape,
          stride: isFirst ? stride : 1,
          convolvesShortcut: isFirst && needsConvolution,
          activatesInput: activatesInputs,
          initializer,
          batchNorm,
        }),
      );
      shape = outputShape;
    }
  }
  const features = shape[2];
  blocks.push(createActivation('norm', features, batchNorm), globalAveragePool);
  blocks.push(createClassifier(features, [], classes, initializer));
  return { inputShape: imageShape, classes, ...chain(blocks) };
}

function createFirstConvolution(
  inputShape: ImageShape,
  { firstFilters, firstFilterSize, initializer: kernel }: ResidualNetwork,
): Block {
  const outputShape = stridedShape(inputShape, 1, firstFilters);
  const description = describeConvolution('conv1', firstFilterSize, inputShape[2], outputShape, { kernel });
  return {
    parameters: description.parameters,
    prunable: [],
    forward: (x, layers) => layers.convolution(x, 'conv1', { stride: 1, padding: 'same' }),
  };
}

const globalAveragePool: Block = {
  parameters: [],
  prunable: [],
  forward: (x, { tf }) => tf.mean(x, [1, 2]),
};

interface UnitOptions {
  /** Begins the names of the unit's layers. */
  readonly name: string;
  readonly inputShape: ImageShape;
  readonly outputShape: ImageShape;
  readonly stride: number;
  readonly convolvesShortcut: boolean;
  readonly activatesInput: boolean;
  readonly initializer: Initializer;
  readonly batchNorm: BatchNormSettings;
}

/**
 * One residual unit: batch normalisation and ReLU before each of two 3×3 convolutions, whose result is added to the
 * input (figure 4e). With a convolution on the shortcut the activated input is added instead, through a 1×1 convolution
 * `shortcut` of the same stride as the first convolution. A unit that does not activate its input uses it as it is.
 */
function createUnit(options: UnitOptions): Block {
  const { name, inputShape, outputShape, stride, convolvesShortcut, initializer: kernel } = options;
  const convolution = (layer: string, size: number, channels: number) =>
    describeConvolution(`${name}.${layer}`, size, channels, outputShape, { kernel });
  const [inputs, filters] = [inputShape[2], outputShape[2]];
  const activation1 = options.activatesInput
    ? createActivation(`${name}.norm1`, inputs, options.batchNorm)
    : identity;
  const activation2 = createActivation(`${name}.norm2`, filters, options.batchNorm);
  const conv1 = convolution('conv1', FILTER_SIZE, inputs);
  const conv2 = convolution('conv2', FILTER_SIZE, filters);
  const shortcuts = convolvesShortcut ? [convolution('shortcut', 1, inputs)] : [];
  return {
    parameters: [activation1, ...shortcuts, conv1, activation2, conv2].flatMap(
      ({ parameters }) => parameters,
    ),
    prunable: [...shortcuts, conv1, conv2].map(({ weight }) => weight),
    forward(x, layers) {
      const convolve = (input: typeof x, layer: string, strideOf: number): typeof x =>
        layers.convolution(input, `${name}.${layer}`, { stride: strideOf, padding: 'same' });
      const activated = activation1.forward(x, layers);
      const kept = convolvesShortcut ? convolve(activated, 'shortcut', stride) : x;
      const hidden = activation2.forward(convolve(activated, 'conv1', stride), layers);
      return layers.tf.add(kept, convolve(hidden, 'conv2', 1));
    },
  };
}

const identity: Block = { parameters: [], prunable: [], forward: (x) => x };

/** Batch normalisation and ReLU. */
function createActivation(layer: string, channels: number, settings: BatchNormSettings): Block {
  return {
    parameters: describeBatchNorm(layer, channels),
    prunable: [],
    forward: (x, layers) => layers.tf.relu(layers.batchNorm(x, layer, settings)),
  };
}
