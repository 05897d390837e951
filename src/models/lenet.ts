/** @file LeNet-5: two 5×5 convolutions with pooling, then dense layers. */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { count, name } from '../settings/values.ts';
import { createClassifier } from './classifier.ts';
import { defineModel } from './definition.ts';
import { describeConvolution } from './parameters.ts';
import { describeFirstConvolution, firstConvolution, initializer, widths } from './settings.ts';
import type { Layers, Model } from './types.ts';

const FILTER_SIZE = 5;
const POOL_SIZE = 2;
/** 13 → 9 → 5 → 1: the smallest side on which both convolutions fit. */
const SMALLEST_SIDE = 13;

const lenetSettings = z.strictObject({
  name: name('lenet'),
  /** Filters of the two 5×5 convolutions. */
  filters: z.tuple([count, count]).default([20, 50]),
  /** Units of each hidden dense layer. */
  widths: widths.default([500]),
  /** First value of the biases of the convolutions; the paper's code uses 0.1 there and 0 in dense layers. */
  initialBias: z.number().default(0),
  /** Per-image standardisation inside the network, as in the paper's code. */
  standardize: z.boolean().default(false),
  firstConvolution,
  initializer,
});

/**
 * `conv1` 5×5 valid, max-pool 2, `conv2` 5×5 valid, max-pool 2, `dense1` … `denseN`, `logits`, with ReLU after every
 * layer but the logits. Pooling rounds odd sizes up, as both sources do.
 *
 * Layer sizes default to Caffe's LeNet, but that one has no ReLU after its convolutions: here, as in the paper's
 * code, there is one. Prunable are `conv2` and the hidden dense layers; the paper exempts the first convolution and
 * the logits layer, its code the logits layer alone (`firstConvolution: prunable`).
 */
export const lenet = defineModel({
  name: 'lenet',
  summary: "5×5 convolutions, then dense layers; Caffe's LeNet-5 by default",
  settings: lenetSettings,
  describe: (settings) =>
    `lenet ${[...settings.filters, ...settings.widths].join('-')}${describeFirstConvolution(settings)}`,
  create: createLenet,
});

/** @throws UserError if a side of the image is below 13 pixels */
function createLenet(
  settings: z.output<typeof lenetSettings>,
  imageShape: Model['inputShape'],
  classes: number,
): Model {
  const [height, width, channels] = imageShape;
  if (Math.min(height, width) < SMALLEST_SIDE) {
    throw new UserError(
      `model "lenet" needs images of at least ${SMALLEST_SIDE}×${SMALLEST_SIDE} pixels, but those of the data set are ${height}×${width}`,
    );
  }
  const initializer = { kind: settings.initializer };
  const initialization = { kernel: initializer, bias: settings.initialBias };
  const [filters1, filters2] = settings.filters;
  const convolved1 = [convolvedSize(height), convolvedSize(width), filters1] as const;
  const pooled1 = [pooledSize(convolved1[0]), pooledSize(convolved1[1])] as const;
  const convolved2 = [convolvedSize(pooled1[0]), convolvedSize(pooled1[1]), filters2] as const;
  const features = pooledSize(convolved2[0]) * pooledSize(convolved2[1]) * filters2;

  const conv1 = describeConvolution('conv1', FILTER_SIZE, channels, convolved1, initialization);
  const conv2 = describeConvolution('conv2', FILTER_SIZE, filters1, convolved2, initialization);
  const classifier = createClassifier(features, settings.widths, classes, initializer);
  return {
    inputShape: imageShape,
    classes,
    parameters: [...conv1.parameters, ...conv2.parameters, ...classifier.parameters],
    prunable: [
      ...(settings.firstConvolution === 'prunable' ? [conv1.weight] : []),
      conv2.weight,
      ...classifier.prunable,
    ],
    forward(images, layers) {
      const input = settings.standardize ? standardize(images, layers) : images;
      const pooled = convolveAndPool(convolveAndPool(input, 'conv1', layers), 'conv2', layers);
      return classifier.forward(pooled, layers);
    },
  };
}

function convolvedSize(side: number): number {
  return side - FILTER_SIZE + 1;
}

function pooledSize(side: number): number {
  return Math.ceil(side / POOL_SIZE);
}

function convolveAndPool(x: Tensor, layer: string, layers: Layers): Tensor {
  const { tf } = layers;
  const convolved = tf.relu(layers.convolution(x, layer, { stride: 1, padding: 'valid' }));
  return tf.maxPool(convolved as Tensor4D, POOL_SIZE, POOL_SIZE, 'same');
}

/**
 * Per-image standardisation `(x − mean) / max(sd, 1/sqrt(n))`, mean and sd over the n values of one image; the bound
 * keeps an almost uniform image from being blown up.
 *
 * @param images `[batch, height, width, channels]`
 */
function standardize(images: Tensor, { tf }: Layers): Tensor {
  const axes = [1, 2, 3];
  const count = images.shape.slice(1).reduce((product, extent) => product * extent, 1);
  const centred = tf.sub(images, tf.mean(images, axes, true));
  const deviation = tf.sqrt(tf.mean(tf.square(centred), axes, true));
  return tf.div(centred, tf.maximum(deviation, 1 / Math.sqrt(count)));
}
