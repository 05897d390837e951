/** @file Gradients are masked and summed at the outputs of a pool, and reach its inputs as they did. */

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { printGraph } from '../../../src/compiler/print.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { compileGraph } from '../../../src/engines/onnx/compile.ts';
import { createOnnxEngine } from '../../../src/engines/onnx/engine.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { largestDifference, runOnce } from '../../support/engines.ts';

beforeAll(useCpuBackend);

const IMAGES = [2, 6, 6, 3] as const;
const signature: Signature = {
  state: {},
  feeds: { x: { shape: IMAGES, dtype: 'float32' }, bias: { shape: [3], dtype: 'float32' } },
};

/** Gradients of a weighted sum of a pool of ReLU(x + b). */
function stepOf(size: number, stride: number, activate: (x: tf.Tensor) => tf.Tensor = tf.relu): StepFunction {
  return (_, { x, bias }) => {
    const pooled = (images: tf.Tensor, shift: tf.Tensor) =>
      tf.maxPool(activate(tf.add(images, shift)) as tf.Tensor4D, size, stride, 'valid');
    const loss = (images: tf.Tensor, shift: tf.Tensor) => tf.sum(tf.square(pooled(images, shift)));
    const [dx, dBias] = tf.grads(loss)([x as tf.Tensor, bias as tf.Tensor]);
    return { state: {}, fetches: { dx: dx as tf.Tensor, dBias: dBias as tf.Tensor } };
  };
}

describe('gradients behind a pool of ReLU', () => {
  beforeAll(useCpuBackend);

  it('are masked and summed where they are fewest', () => {
    const lines = printGraph(compileGraph(stepOf(2, 2), signature).traced).split('\n');
    expect(lines.filter((line) => !line.startsWith('input')).join('\n')).toMatchInlineSnapshot(`
      "%0 float32[2,6,6,3] = Add(feed/x, feed/bias)
      %1 float32[2,6,6,3] = Relu(%0)
      %2 float32[2,3,3,3] = MaxPool(%1) {window=[2,2] strides=[2,2] pads=[0,0,0,0]}
      %3 float32[] = Constant(2)
      %4 float32[2,3,3,3] = Multiply(%2, %3)
      %5 float32[2,3,3,3] = Step(%2) {alpha=0}
      %6 float32[2,3,3,3] = Multiply(%4, %5)
      %7 float32[2,6,6,3] = MaxPoolGrad(%6, %1, %2) {window=[2,2] strides=[2,2] pads=[0,0,0,0]}
      %8 float32[3] = Sum(%6) {axes=[0,1,2] keepDims=false}
      output fetch/dx = %7
      output fetch/dBias = %8"
    `);
  });

  it('are masked behind the pool if the mask is of something else', () => {
    const { traced } = compileGraph(
      stepOf(2, 2, (x) => tf.add(tf.relu(x), 1)),
      signature,
    );
    const spread = traced.operations.find(({ op }) => op === 'MaxPoolGrad');
    const users = traced.operations.filter(({ inputs }) => inputs.includes(spread?.outputs[0] as never));
    expect(users.map(({ op }) => op)).toContain('Multiply');
  });

  // Whole numbers make many ties, and more than half of them are cut off by ReLU.
  it.each([
    ['apart', 2, 2],
    ['overlapping', 3, 1],
  ])('are those of the reference engine for windows that lie %s', async (_, size, stride) => {
    const x = Float32Array.from({ length: 2 * 6 * 6 * 3 }, (_, index) => ((index * 7919) % 11) - 6);
    const feeds = { x, bias: Float32Array.of(-1, 0, 2) };
    const run = async (engine: Awaited<ReturnType<typeof createOnnxEngine>>) =>
      (await runOnce(engine, stepOf(size, stride), signature, { state: {}, feeds })).fetches;
    const actual = await run(await createOnnxEngine({ threads: 1 }));
    const expected = await run(await createReferenceEngine());
    expect(largestDifference(actual, expected).difference).toBeLessThan(1e-4);
    expect(expected.dBias?.every((sum) => sum > 10)).toBe(true);
  });
});
