/** @file A borrowed tfjs backend is given back. */
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { withBackend } from '../../src/compiler/backend-scope.ts';
import { compileGraph } from '../../src/engines/onnx/compile.ts';

const compileNothing = () => compileGraph(() => ({ state: {}, fetches: {} }), { state: {}, feeds: {} });

it('tfjs computes numbers after a compilation that came before everything else', () => {
  // No backend is current until one has been used; a tracing one must not take that place.
  expect(tf.getBackend()).toBeUndefined();
  compileNothing();
  expect(tf.getBackend()).toBe('cpu');
  tf.enableProdMode();
  expect(Array.from(tf.add(tf.scalar(1), 2).dataSync())).toEqual([3]);
});

it('the former backend returns and tensors are disposed after an error too', () => {
  const before = tf.memory().numTensors;
  const failing = () =>
    withBackend('trace', () => {
      tf.scalar(1);
      throw new Error('inside');
    });
  expect(failing).toThrow('inside');
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.memory().numTensors).toBe(before);
});
