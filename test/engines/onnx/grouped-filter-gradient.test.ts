/** @file Gradients of filters as convolutions of a few images at a time: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../../src/engines/onnx/engine.ts';
import type { OnnxCall } from '../../../src/engines/onnx/operators.ts';
import { planProgram } from '../../../src/engines/onnx/plan.ts';
import type { Engine } from '../../../src/engines/types.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { runOnce } from '../../support/engines.ts';
import { createNumbers } from '../../support/numbers.ts';

beforeAll(useCpuBackend);
afterEach(() => {
  vi.unstubAllEnvs();
});

interface Layer {
  readonly batch: number;
  readonly image: readonly [height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, filters: number];
  readonly stride: number | [number, number];
  readonly padding: 'valid' | 'same';
}

/** Filters that would leave much of their last block empty, on images of 64 positions and more. */
const LAYERS: Readonly<Record<string, Layer & { readonly groups: number }>> = {
  "LeNet-5's second": {
    batch: 16,
    image: [12, 12, 20],
    filter: [5, 5, 50],
    stride: 1,
    padding: 'valid',
    groups: 2,
  },
  'zeros around': { batch: 6, image: [8, 9, 9], filter: [3, 2, 10], stride: 1, padding: 'same', groups: 1 },
  'steps of two': { batch: 12, image: [17, 16, 8], filter: [3, 3, 9], stride: 2, padding: 'same', groups: 2 },
  'rows and columns left unseen': {
    batch: 4,
    image: [18, 18, 8],
    filter: [3, 3, 9],
    stride: 2,
    padding: 'valid',
    groups: 1,
  },
  'steps of two down, one across': {
    batch: 5,
    image: [17, 9, 8],
    filter: [3, 2, 7],
    stride: [2, 1],
    padding: 'same',
    groups: 1,
  },
  'a prime number of images': {
    batch: 11,
    image: [9, 9, 8],
    filter: [2, 2, 5],
    stride: 1,
    padding: 'valid',
    groups: 11,
  },
  'a single image': { batch: 1, image: [9, 9, 8], filter: [2, 2, 5], stride: 1, padding: 'valid', groups: 1 },
};
const LENET = LAYERS["LeNet-5's second"] as Layer;

const stepOf =
  ({ stride, padding }: Layer): StepFunction =>
  (_, { x, filter }) => {
    const loss = (weights: tf.Tensor): tf.Scalar =>
      tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, stride, padding)));
    return { state: {}, fetches: { gradient: tf.grad(loss)(filter as tf.Tensor) } };
  };

function signatureOf({ batch, image, filter }: Layer): Signature {
  const [height, width, channels] = image;
  const [tall, wide, filters] = filter;
  const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  return {
    state: {},
    feeds: { x: spec(batch, height, width, channels), filter: spec(tall, wide, channels, filters) },
  };
}

/** Numbers of groups of the convolutions in a step that name one. */
function groupsOf(layer: Layer, options: Parameters<typeof planProgram>[2]): number[] {
  const { operations } = planProgram(stepOf(layer), signatureOf(layer), options).step;
  return operations
    .filter((operation): operation is OnnxCall<'Conv'> => operation.op === 'Conv')
    .flatMap(({ attributes, domain }) => (domain === undefined ? (attributes.group ?? []) : []));
}

describe('the gradient of a filter', () => {
  it.each(Object.entries(LAYERS))('is that of the reference engine: %s', async (_, { groups, ...layer }) => {
    for (const block of [0, 16]) expect(groupsOf(layer, { block }), `${block}`).toEqual([groups]);
    const signature = signatureOf(layer);
    const numbers = createNumbers(7);
    const feeds = Object.fromEntries(
      Object.entries(signature.feeds).map(([name, { shape }]) => [name, numbers.normal(sizeOf(shape))]),
    );
    const run = async (engine: Engine) =>
      (await runOnce(engine, stepOf(layer), signature, { feeds })).fetches;
    const expected = (await run(await createReferenceEngine())).gradient ?? new Float32Array();
    const scale = Math.max(...expected.map(Math.abs));
    expect(expected).toHaveLength(sizeOf(signature.feeds.filter?.shape ?? []));
    // Blocks of this machine may be of 8, which some of these layers nearly fill; without any, all are grouped.
    for (const skipped of ['', 'blocked-layout']) {
      vi.stubEnv('TD_SKIP_PASSES', skipped);
      const found = (await run(await createOnnxEngine({ threads: 2 }))).gradient;
      const differences = expected.map((number, index) => Math.abs(number - (found?.[index] ?? Number.NaN)));
      expect(Math.max(...differences) / scale, skipped).toBeLessThan(2e-6);
    }
  });

  it('is found so where blocks are full, too, if there are none or the batch fills none of them', () => {
    const full: Layer = { ...LENET, filter: [5, 5, 48] };
    expect(groupsOf(full, { block: 0 })).toEqual([2]);
    expect(groupsOf({ ...full, batch: 20 }, { block: 16 })).toEqual([4]);
  });

  it.each<[string, Layer, number]>([
    ['filters fill their blocks', { ...LENET, filter: [5, 5, 48] }, 16],
    ['filters nearly fill their blocks', { ...LENET, filter: [5, 5, 45] }, 16],
    ['images are small', { ...LENET, image: [11, 12, 20] }, 16],
    ['a filter is one pixel', { ...LENET, filter: [1, 1, 19] }, 16],
    [
      'filters are more than positions',
      { ...LENET, batch: 1, image: [8, 8, 8], filter: [3, 3, 65], padding: 'same' },
      16,
    ],
    ['filters are more than their taps', { ...LENET, image: [12, 12, 9], filter: [2, 2, 37] }, 16],
    ['images have few channels', { ...LENET, image: [12, 12, 7] }, 16],
    ['a graphics card runs it', LENET, 0],
  ])('is found otherwise where %s', (name, layer, block) => {
    const target = name === 'a graphics card runs it' ? 'webgpu' : 'cpu';
    expect(groupsOf(layer, { block, target })).toEqual([]);
  });
});
