/** @file Gradients of filters as convolutions of a few images at a time: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { sizeOf } from '../../../src/arrays.ts';
import type { StepFunction } from '../../../src/compiler/step.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../../src/engines/onnx/engine.ts';
import type { OnnxCall } from '../../../src/engines/onnx/operators.ts';
import { planProgram } from '../../../src/engines/onnx/plan.ts';
import type { Engine } from '../../../src/engines/types.ts';
import { type Layer, layer, relativeDifference, signatureOf } from '../../support/convolution-layers.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { runOnce } from '../../support/engines.ts';
import { drawArrays } from '../../support/numbers.ts';

beforeAll(useCpuBackend);
afterEach(() => {
  vi.unstubAllEnvs();
});

const LENET = layer(16, [12, 12, 20], [5, 5, 50], 1, 'valid');
/** Filters that would leave much of their last block empty, on images of 64 positions and more; with the number of groups. */
const LAYERS: Readonly<Record<string, readonly [Layer, groups: number]>> = {
  "LeNet-5's second": [LENET, 2],
  'zeros around': [layer(6, [8, 9, 9], [3, 2, 10], 1, 'same'), 1],
  'steps of two': [layer(12, [17, 16, 8], [3, 3, 9], 2, 'same'), 2],
  'rows and columns left unseen': [layer(4, [18, 18, 8], [3, 3, 9], 2, 'valid'), 1],
  'steps of two down, one across': [layer(5, [17, 9, 8], [3, 2, 7], [2, 1], 'same'), 1],
  'a prime number of images': [layer(11, [9, 9, 8], [2, 2, 5], 1, 'valid'), 11],
  'a single image': [layer(1, [9, 9, 8], [2, 2, 5], 1, 'valid'), 1],
};

const stepOf =
  ({ stride, padding }: Layer): StepFunction =>
  (_, { x, filter }) => {
    const loss = (weights: tf.Tensor): tf.Scalar =>
      tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, stride, padding)));
    return { state: {}, fetches: { gradient: tf.grad(loss)(filter as tf.Tensor) } };
  };

/** Numbers of groups of the convolutions in a step that name one. */
function groupsOf(given: Layer, options: Parameters<typeof planProgram>[2]): number[] {
  const { operations } = planProgram(stepOf(given), signatureOf(given), options).step;
  return operations
    .filter((operation): operation is OnnxCall<'Conv'> => operation.op === 'Conv')
    .flatMap(({ attributes, domain }) => (domain === undefined ? (attributes.group ?? []) : []));
}

describe('the gradient of a filter', () => {
  it.each(Object.entries(LAYERS))('is that of the reference engine: %s', async (_, [given, groups]) => {
    for (const block of [0, 16]) expect(groupsOf(given, { block }), `${block}`).toEqual([groups]);
    const signature = signatureOf(given);
    const feeds = drawArrays(signature.feeds, 7);
    const run = async (engine: Engine) =>
      (await runOnce(engine, stepOf(given), signature, { feeds })).fetches.gradient;
    const expected = (await run(await createReferenceEngine())) as Float32Array;
    expect(expected).toHaveLength(sizeOf(signature.feeds.filter?.shape ?? []));
    // Blocks of this machine may be of 8, which some of these layers nearly fill; without any, all are grouped.
    for (const skipped of ['', 'blocked-layout']) {
      vi.stubEnv('TD_SKIP_PASSES', skipped);
      const found = await run(await createOnnxEngine({ threads: 2 }));
      expect(relativeDifference(found, expected), skipped).toBeLessThan(2e-6);
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
  ])('is found otherwise where %s', (name, given, block) => {
    const target = name === 'a graphics card runs it' ? 'webgpu' : 'cpu';
    expect(groupsOf(given, { block, target })).toEqual([]);
  });
});
