/** @file td's own kernels of pooled convolutions and of gradients of pools on TensorFlow: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { POOLS } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { runOnce } from '../../support/engines.ts';
import { createNumbers } from '../../support/numbers.ts';
import { largestError, NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';

interface Layer {
  /** `[count, height, width, channels]` */
  readonly images: readonly [number, number, number, number];
  /** `[height, width, filters]` */
  readonly filter: readonly [number, number, number];
  readonly padding?: 'same';
  readonly window?: number;
}

/** Filters that fill vectors and such that do not, fewer than a vector has numbers; few images and many. */
const LAYERS: readonly Layer[] = [
  { images: [9, 28, 28, 1], filter: [5, 5, 20] },
  { images: [3, 12, 12, 20], filter: [5, 5, 50] },
  { images: [2, 7, 9, 3], filter: [2, 2, 5] },
  { images: [40, 5, 7, 2], filter: [4, 2, 33] },
];
const [LENET] = LAYERS as [Layer];

function pooled({ padding, window = 2 }: Layer) {
  return ([x, filter, bias]: readonly tf.Tensor[]): tf.Tensor => {
    const sums = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, padding ?? 'valid');
    return tf.maxPool(tf.relu(tf.add(sums, bias as tf.Tensor)) as tf.Tensor4D, window, window, 'valid');
  };
}

const given = ({ x, filter, bias }: Readonly<Record<string, tf.Tensor>>): [tf.Tensor, tf.Tensor, tf.Tensor] =>
  [x, filter, bias] as [tf.Tensor, tf.Tensor, tf.Tensor];

const evaluation = (layer: Layer): StepFunction => {
  return (_, feeds) => ({ state: {}, fetches: { y: pooled(layer)(given(feeds)) } });
};

/** With gradients of the weighted sum of the pool. */
const training = (layer: Layer): StepFunction => {
  const pool = pooled(layer);
  return (_, feeds) => {
    const weighted = (...all: tf.Tensor[]): tf.Scalar => tf.sum(tf.mul(pool(all), feeds.slope as tf.Tensor));
    const [dx, dfilter, dbias] = tf.grads(weighted)(given(feeds)) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { state: {}, fetches: { y: pool(given(feeds)), dx, dfilter, dbias } };
  };
};

function signatureOf({ images, filter: [tall, wide, filters], padding, window = 2 }: Layer): Signature {
  const [count, height, width, channels] = images;
  const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  const extents = padding === 'same' ? [height, width] : [height - tall + 1, width - wide + 1];
  const after = extents.map((extent) => Math.floor(extent / window));
  return {
    state: {},
    feeds: {
      x: spec(...images),
      filter: spec(tall, wide, channels, filters),
      bias: spec(filters),
      slope: spec(count, ...after, filters),
    },
  };
}

/** Images of few grey levels: many sums of a window are equal. */
function drawFeeds(layer: Layer): NamedArrays {
  const numbers = createNumbers(11);
  const drawn = Object.entries(signatureOf(layer).feeds).map(([name, { shape }]) => {
    const array = numbers.normal(sizeOf(shape));
    return [name, name === 'x' ? array.map((number) => Math.max(0, Math.round(number))) : array] as const;
  });
  return Object.fromEntries(drawn);
}

beforeAll(useCpuBackend);

describeTensorflow('a pool of windows of 2 × 2', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (!native.pools) {
    return describeAbsent('tensorflow', NO_OWN_KERNELS);
  }
  const operationsOf = (step: StepFunction, layer: Layer, skip: readonly string[] = [], own = native) =>
    planProgram(step, signatureOf(layer), new Set(skip), own)
      .rest.operations.map(({ op }) => op)
      .filter((op) => /Pool|Rectified/.test(op))
      .sort();

  async function run(
    step: StepFunction,
    layer: Layer,
    feeds = drawFeeds(layer),
    skip: readonly string[] = [],
  ) {
    const program = compile(step, signatureOf(layer), native, {}, new Set(skip));
    const results = await program.run(feeds);
    program.dispose();
    return results;
  }

  it.each(LAYERS)('gives the bits of TensorFlow’s own pool, and its gradient: %o', async (layer) => {
    expect(operationsOf(training(layer), layer)).toEqual(['PoolGradient', 'RectifiedConvolution']);
    expect(operationsOf(evaluation(layer), layer)).toEqual(['PooledConvolution']);
    const found = await run(training(layer), layer);
    expect(found).toEqual(await run(training(layer), layer, drawFeeds(layer), [POOLS]));
    expect(await run(evaluation(layer), layer)).toEqual({ y: found.y });
  });

  it.each(LAYERS)('agrees with the reference engine: %o', async (layer) => {
    const feeds = drawFeeds(layer);
    const engine = await createReferenceEngine();
    const { fetches } = await runOnce(engine, training(layer), signatureOf(layer), { feeds });
    const found = await run(training(layer), layer);
    expect(largestError(fetches as Record<string, Float32Array>, found)).toBeLessThan(2e-6);
  });

  it('has a gradient of its own behind any images', async () => {
    const layer: Layer = { images: [4, 6, 8, 3], filter: [3, 3, 16], padding: 'same' };
    expect(operationsOf(training(layer), layer)).toEqual(['MaxPool', 'PoolGradient']);
    expect(await run(training(layer), layer)).toEqual(
      await run(training(layer), layer, drawFeeds(layer), [POOLS]),
    );
  });

  it('is TensorFlow’s own where windows are others or leave pixels out, without the pass and without the kernels', () => {
    const left = ['MaxPool', 'MaxPoolGrad'];
    const larger: Layer = { images: [2, 10, 10, 1], filter: [2, 2, 20], window: 3 };
    const odd: Layer = { images: [2, 10, 9, 1], filter: [2, 2, 20] };
    expect(operationsOf(training(larger), larger)).toEqual(left);
    expect(operationsOf(training(odd), odd)).toEqual(left);
    expect(operationsOf(training(LENET), LENET, [POOLS])).toEqual(left);
    expect(operationsOf(training(LENET), LENET, [], { ...native, pools: false })).toEqual(left);
  });

  it('is TensorFlow’s own where a bias spreads one filter over many channels', async () => {
    const signature: Signature = {
      state: {},
      feeds: Object.fromEntries(
        Object.entries({ x: [2, 5, 5, 3], filter: [2, 2, 3, 1], bias: [6] }).map(([name, shape]) => [
          name,
          { shape, dtype: 'float32' as const },
        ]),
      ),
    };
    const step = evaluation(LENET);
    const { rest } = planProgram(step, signature, new Set(), native);
    expect(rest.operations.map(({ op }) => op)).toContain('MaxPool');
  });

  it('passes NaN on', async () => {
    for (const layer of LAYERS) {
      const { x, ...others } = drawFeeds(layer);
      const size = sizeOf(layer.images.slice(1));
      x?.set([Number.NaN], size);
      const { y } = await run(evaluation(layer), layer, { ...others, x: x as Float32Array });
      const places = [...(y ?? []).keys()].filter((place) => Number.isNaN(y?.[place]));
      // The corner of the second image is seen by the first window alone, for all filters.
      const filters = layer.filter[2];
      const first = (y?.length ?? 0) / layer.images[0];
      expect(places).toEqual(Array.from({ length: filters }, (_, filter) => first + filter));
    }
  });
});
