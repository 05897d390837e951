/** @file One training step of LeNet-5 with targeted dropout, written out in tfjs ops: what the self-test has TensorFlow compute. */
import * as tf from '@tensorflow/tfjs';
import { createArray, type NamedArrays, sizeOf } from '../../../arrays.ts';
import type { NamedTensors, Signature, StepFunction } from '../../../compiler/step.ts';
import { namesOf, orThrow } from '../../../lookup.ts';
import { initialize } from '../../../random/initializers.ts';
import { fillBernoulli, fillUniform } from '../../../random/streams.ts';

/** The reference engine takes a tenth of a second for each image. */
const BATCH_SIZE = 2;
const IMAGES = [BATCH_SIZE, 28, 28, 1] as const;
const CLASSES = 10;
const SEED = 1;

const WEIGHTS = {
  'conv1/kernel': [5, 5, 1, 20],
  'conv1/bias': [20],
  'conv2/kernel': [5, 5, 20, 50],
  'conv2/bias': [50],
  'dense1/kernel': [800, 500],
  'dense1/bias': [500],
  'logits/kernel': [500, CLASSES],
  'logits/bias': [CLASSES],
} as const;
type WeightName = keyof typeof WEIGHTS;
const NAMES = namesOf(WEIGHTS);

/** Weights of which the lowest half of each column may be dropped, with a probability of one half. */
const TARGETED: readonly WeightName[] = ['conv2/kernel', 'dense1/kernel'];
const SHARE = 0.5;
const MOMENTUM = 0.9;
const LEARNING_RATE = 0.1;

const float = (shape: readonly number[]) => ({ shape, dtype: 'float32' }) as const;
const entries = <T>(names: readonly WeightName[], prefix: string, entryOf: (name: WeightName) => T) =>
  Object.fromEntries(names.map((name) => [prefix + name, entryOf(name)]));
const shapeOf = (name: WeightName): readonly number[] => WEIGHTS[name];

export const lenetSignature: Signature = {
  state: {
    ...entries(NAMES, '', (name) => float(shapeOf(name))),
    ...entries(NAMES, 'velocity/', (name) => float(shapeOf(name))),
  },
  feeds: {
    images: float(IMAGES),
    labels: { shape: [BATCH_SIZE], dtype: 'int32' },
    learningRate: float([]),
    ...entries(TARGETED, 'drop/', (name) => ({ shape: shapeOf(name), dtype: 'bool' }) as const),
  },
};

/** The state at the beginning and the feeds of a step: the same numbers at every call. */
export function lenetArrays(): { readonly state: NamedArrays; readonly feeds: NamedArrays } {
  const draw = (name: WeightName): Float32Array => {
    const isBias = name.endsWith('bias');
    const initializer = isBias
      ? ({ kind: 'constant', value: 0 } as const)
      : ({ kind: 'glorotUniform' } as const);
    return initialize(initializer, shapeOf(name), { seed: SEED, purpose: `self-test/${name}`, index: 0 });
  };
  const drop = (name: WeightName): Uint8Array => {
    const dropped = new Uint8Array(sizeOf(shapeOf(name)));
    fillBernoulli({ seed: SEED, purpose: `self-test/drop/${name}`, index: 0 }, 0.5, dropped);
    return dropped;
  };
  const images = new Float32Array(sizeOf(IMAGES));
  fillUniform({ seed: SEED, purpose: 'self-test/images', index: 0 }, images);
  return {
    state: {
      ...entries(NAMES, '', draw),
      ...entries(NAMES, 'velocity/', (name) => createArray(float(shapeOf(name)))),
    },
    feeds: {
      images,
      labels: Int32Array.from({ length: BATCH_SIZE }, (_, index) => (3 * index) % CLASSES),
      learningRate: Float32Array.of(LEARNING_RATE),
      ...entries(TARGETED, 'drop/', drop),
    },
  };
}

/** Forward, mean cross-entropy, gradients, momentum. */
export const lenetStep: StepFunction = (state, feeds) => {
  const get = (tensors: NamedTensors, name: string) => orThrow(tensors[name], `no ${name} in the step`);
  const masks = entries(TARGETED, '', (name) => keepMask(get(state, name), get(feeds, `drop/${name}`)));
  const [images, labels] = [get(feeds, 'images'), get(feeds, 'labels')];
  const logitsOf = (weights: readonly tf.Tensor[]): tf.Tensor2D => {
    const weight = (name: WeightName) => orThrow(weights[NAMES.indexOf(name)], `no ${name} in the step`);
    const kernel = (name: WeightName) => (masks[name] ? tf.mul(weight(name), masks[name]) : weight(name));
    const pooled = (['conv1', 'conv2'] as const).reduce((x, layer) => {
      const filters = kernel(`${layer}/kernel`) as tf.Tensor4D;
      const convolved = tf.conv2d(x as tf.Tensor4D, filters, 1, 'valid');
      const activated = tf.relu(tf.add(convolved, weight(`${layer}/bias`)));
      return tf.maxPool(activated as tf.Tensor4D, 2, 2, 'same');
    }, images);
    const features = tf.reshape(pooled, [BATCH_SIZE, -1]);
    const hidden = tf.relu(tf.add(tf.matMul(features, kernel('dense1/kernel')), weight('dense1/bias')));
    return tf.add(tf.matMul(hidden, kernel('logits/kernel')), weight('logits/bias'));
  };
  const isLabel = tf.equal(tf.expandDims(labels, 1), tf.tensor1d([...Array(CLASSES).keys()], 'int32'));
  const lossOf = (...weights: tf.Tensor[]): tf.Scalar => {
    const logits = logitsOf(weights);
    const shifted = tf.sub(logits, tf.max(logits, 1, true));
    const logSums = tf.log(tf.sum(tf.exp(shifted), 1));
    return tf.mean(tf.sub(logSums, tf.sum(tf.mul(shifted, tf.cast(isLabel, 'float32')), 1)));
  };
  const weights = NAMES.map((name) => get(state, name));
  const { value: loss, grads } = tf.valueAndGrads(lossOf)(weights);
  const next = NAMES.flatMap((name, index) => {
    const gradient = orThrow(grads[index], `${name} has no gradient`);
    const velocity = tf.add(tf.mul(get(state, `velocity/${name}`), MOMENTUM), gradient);
    const weight = tf.sub(get(state, name), tf.mul(get(feeds, 'learningRate'), velocity));
    return [[name, weight] as const, [`velocity/${name}`, velocity] as const];
  });
  return { state: Object.fromEntries(next), fetches: { loss } };
};

/** 0 for those of the lowest half of each column that are dropped, else 1. */
function keepMask(weight: tf.Tensor, drop: tf.Tensor): tf.Tensor {
  const columns = weight.shape.at(-1) ?? 1;
  const magnitudes = tf.transpose(tf.reshape(tf.abs(weight), [-1, columns]));
  const kept = Math.ceil(SHARE * (weight.size / columns));
  const least = tf.min(tf.topk(magnitudes, kept).values, 1);
  const isLow = tf.less(tf.abs(weight), least);
  return tf.sub(1, tf.cast(tf.logicalAnd(isLow, drop), 'float32'));
}
