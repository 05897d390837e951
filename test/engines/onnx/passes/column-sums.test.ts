/** @file Transposed convolutions as a product and sums: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { sizeOf } from '../../../../src/arrays.ts';
import type { StepFunction } from '../../../../src/compiler/step.ts';
import { createReferenceEngine } from '../../../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../../../src/engines/onnx/engine.ts';
import { planProgram } from '../../../../src/engines/onnx/plan.ts';
import type { Engine } from '../../../../src/engines/types.ts';
import { type Layer, layer, relativeDifference, signatureOf } from '../../../support/convolution-layers.ts';
import { useCpuBackend } from '../../../support/cpu-backend.ts';
import { runOnce } from '../../../support/engines.ts';
import { drawArrays } from '../../../support/numbers.ts';
import { createTrainingCase } from '../../../support/training-cases.ts';

beforeAll(useCpuBackend);
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Filters so large, or steps so wide, that no convolution with the turned filter gives the gradient. */
const LAYERS: Readonly<Record<string, Layer>> = {
  'no padding': layer(3, [7, 6, 3], [5, 5, 4], 1, 'valid'),
  'filters that are not square': layer(2, [6, 9, 2], [2, 5, 3], 1, 'valid'),
  'steps of two': layer(2, [7, 9, 3], [3, 3, 5], 2, 'same'),
  'steps of two, rows left unseen': layer(2, [8, 6, 3], [3, 3, 5], 2, 'valid'),
  'steps of three down, one across': layer(2, [9, 6, 2], [4, 3, 3], [3, 1], 'same'),
  'steps of two across, more zeros on the right': layer(2, [6, 7, 2], [5, 4, 3], [1, 2], 'same'),
  'a single image and channel': layer(1, [5, 5, 1], [3, 3, 1], 1, 'valid'),
};
const NO_PADDING = LAYERS['no padding'] as Layer;

const stepOf =
  ({ stride, padding }: Layer): StepFunction =>
  (_, { x, filter }) => {
    const loss = (images: tf.Tensor): tf.Scalar =>
      tf.sum(tf.square(tf.conv2d(images as tf.Tensor4D, filter as tf.Tensor4D, stride, padding)));
    return { state: {}, fetches: { gradient: tf.grad(loss)(x as tf.Tensor) } };
  };

const operatorsOf = (given: Layer, options: Parameters<typeof planProgram>[2] = {}): string[] =>
  planProgram(stepOf(given), signatureOf(given), options).step.operations.map(({ op }) => op);

describe('the gradient of a convolution with respect to its images', () => {
  it.each(Object.entries(LAYERS))(
    'is that of the reference engine, with the pass and without: %s',
    async (_, given) => {
      expect(operatorsOf(given)).toContain('Col2Im');
      expect(operatorsOf(given)).not.toContain('ConvTranspose');
      const signature = signatureOf(given);
      const feeds = drawArrays(signature.feeds, 5);
      const run = async (engine: Engine) =>
        (await runOnce(engine, stepOf(given), signature, { feeds })).fetches.gradient;
      const expected = (await run(await createReferenceEngine())) as Float32Array;
      expect(expected).toHaveLength(sizeOf([given.batch, ...given.image]));
      for (const skipped of ['', 'column-sums']) {
        vi.stubEnv('TD_SKIP_PASSES', skipped);
        const found = await run(await createOnnxEngine({ threads: 2 }));
        expect(relativeDifference(found, expected), skipped).toBeLessThan(1e-6);
      }
    },
  );

  it('is a transposed convolution where the pass is left out, and on graphics cards', () => {
    for (const options of [{ skip: new Set(['column-sums']) }, { target: 'webgpu' as const }])
      expect(operatorsOf(NO_PADDING, options)).toEqual(expect.arrayContaining(['ConvTranspose']));
  });

  it('is one where its contributions take more than 20 MB', () => {
    // 3 channels × 25 taps × 6 positions of 4 bytes each for an image.
    const most = Math.floor((20 * 2 ** 20) / (3 * 25 * 6 * 4));
    expect(operatorsOf({ ...NO_PADDING, batch: most })).toContain('Col2Im');
    expect(operatorsOf({ ...NO_PADDING, batch: most + 1 })).toContain('ConvTranspose');
  });

  it('is part of the step of LeNet-5', () => {
    const { compiled } = createTrainingCase('lenet', { name: 'none' });
    const { operations } = planProgram(compiled.step, compiled.signature).step;
    expect(operations.filter(({ op }) => op === 'Col2Im')).toHaveLength(1);
  });
});
