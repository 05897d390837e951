/** @file Steps in bfloat16 on TensorFlow: products of rounded operands, all else in float32. */
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { multipliesBfloat16 } from '../../../src/engines/precision.ts';
import { chooseEngine } from '../../../src/engines/registry.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import type { SavedModelOptions } from '../../../src/engines/tensorflow/saved-model.ts';
import { roundToBfloat16 } from '../../support/bfloat16.ts';
import { createNumbers } from '../../support/numbers.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase, METHODS } from '../../support/training-cases.ts';

/** The way of a graphics card, which any device can go, and those of processors, which few can. */
const WAYS: readonly NonNullable<SavedModelOptions['bfloat16']>[] = [
  'casts',
  ...(multipliesBfloat16() ? (['rewriter', 'kept'] as const) : []),
];

/** Half the distance of two neighbours in bfloat16, relative to them. */
const ROUNDING = 2 ** -8;

const SHAPES = {
  x: [2, 6, 5, 16],
  filter: [3, 3, 16, 8],
  slope: [2, 6, 5, 8],
  a: [12, 40],
  b: [40, 9],
  zero: [],
} as const;

/** A convolution, both of its gradients, and a product of matrices. */
const products: StepFunction = ({ runs }, { x, filter, slope, a, b, zero }) => {
  const convolve = (images: tf.Tensor, kernel: tf.Tensor) =>
    tf.sum(tf.mul(tf.conv2d(images as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'same'), slope as tf.Tensor));
  const [dx, dfilter] = tf.grads(convolve)([x as tf.Tensor, filter as tf.Tensor]);
  const y = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
  const product = tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D);
  // TensorFlow's rewriter leaves alone what a function returns.
  const returned = Object.entries({ y, dx, dfilter, product }).map(([name, value]) => [
    name,
    tf.add(value as tf.Tensor, zero as tf.Tensor),
  ]);
  return {
    state: { runs: tf.add(runs as tf.Tensor, zero as tf.Tensor) },
    fetches: Object.fromEntries(returned),
  };
};
const signature: Signature = {
  // A function without state would be taken apart before it is rewritten.
  state: { runs: { shape: [], dtype: 'float32' } },
  feeds: Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [name, { shape: [...shape], dtype: 'float32' as const }]),
  ),
};

describeTensorflow('a step in bfloat16', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });

  // A step without batch normalisation goes the way of the rewriter. Without instructions for it, where td refuses it, TensorFlow's gradients are
  // off by more than one rounding.
  it.runIf(multipliesBfloat16()).each(WAYS.filter((way) => way !== 'kept'))(
    'multiplies operands rounded to it, as the reference does that is given them rounded: %s',
    async (bfloat16) => {
      const numbers = createNumbers(7);
      const feeds: NamedArrays = Object.fromEntries(
        Object.entries(SHAPES).map(([name, shape]) => [name, numbers.normal(sizeOf(shape))]),
      );
      feeds.zero = Float32Array.of(0);
      const rounded = Object.fromEntries(
        Object.entries(feeds).map(([name, array]) => [name, roundToBfloat16(array as Float32Array)]),
      );
      const { engine } = await chooseEngine('reference');
      const reference = await engine.compile(products, signature);
      await reference.writeState({ runs: Float32Array.of(0) });
      const expected = await reference.run(rounded);
      const program = compile(products, signature, native, { bfloat16 });
      await program.writeState({ runs: Float32Array.of(0) });
      const actual = await program.run(feeds);
      program.dispose();
      for (const [name, wanted] of Object.entries(expected)) {
        const largest = Math.max(...wanted.map(Math.abs));
        const found = actual[name] as Float32Array;
        wanted.forEach((number, index) => {
          const error = Math.abs((found[index] ?? Number.NaN) - number);
          // Sums that nearly cancel are those of float32.
          expect(error, `${name}[${index}]`).toBeLessThanOrEqual(
            ROUNDING * Math.abs(number) + 1e-6 * largest,
          );
        });
        expect(roundToBfloat16(found), name).toEqual(found);
      }
    },
  );

  it.each(WAYS)('adds the whole of the weight decay to gradients: %s', async (bfloat16) => {
    const [decay, learningRate] = [5.045, 0.1];
    const { compiled, state, feedsOf } = createTrainingCase(
      'blockedResnet',
      { name: 'none' },
      {
        weightDecay: decay,
        learningRate,
        optimizer: { name: 'sgd' },
      },
    );
    const moved = async (options: SavedModelOptions) => {
      const program = compile(compiled.step, compiled.signature, native, options);
      await program.writeState(state);
      await program.run({ ...feedsOf(0), learningRate: Float32Array.of(learningRate) });
      const after = await program.readState();
      program.dispose();
      return after;
    };
    const [exact, actual] = [await moved({}), await moved({ bfloat16 })];
    for (const name of Object.keys(state).filter((key) => key.endsWith('/kernel'))) {
      const weights = state[name] as Float32Array;
      let [along, length] = [0, 0];
      weights.forEach((weight, index) => {
        along += weight * ((actual[name]?.[index] ?? Number.NaN) - (exact[name]?.[index] ?? 0));
        length += weight * weight;
      });
      // In bfloat16 this decay would be 0.3 % too small or too large.
      expect(Math.abs(along / length / (learningRate * decay)), name).toBeLessThan(0.0005);
    }
  });

  async function train(method: string, bfloat16?: SavedModelOptions['bfloat16']): Promise<NamedArrays> {
    const { compiled, state, feedsOf } = createTrainingCase(
      'blockedResnet',
      METHODS[method] ?? { name: 'none' },
      {
        gradientClip: 1,
        weightDecay: 0.01,
      },
    );
    const program = compile(compiled.step, compiled.signature, native, { bfloat16 });
    await program.writeState(state);
    const fetches = await program.run(feedsOf(0));
    const after = await program.readState();
    program.dispose();
    return { ...fetches, ...after };
  }

  it.each(
    WAYS.flatMap((way) => ['none', 'targeted dropout of weights'].map((method) => [way, method] as const)),
  )(
    'moves a network as float32 does but for its rounding, and the same every time: %s, %s',
    async (way, method) => {
      const exact = await train(method);
      const actual = await train(method, way);
      expect(await train(method, way)).toEqual(actual);
      const { state } = createTrainingCase('blockedResnet', METHODS[method] ?? { name: 'none' });
      expect(actual.loss?.[0]).not.toBe(exact.loss?.[0]);
      expect(Math.abs(Number(actual.loss?.[0]) / Number(exact.loss?.[0]) - 1)).toBeLessThan(0.02);
      const [changes, errors]: [number[], number[]] = [[], []];
      for (const [name, before] of Object.entries(state)) {
        const [moved, wanted] = [actual[name] as Float32Array, exact[name] as Float32Array];
        const change = Math.hypot(...wanted.map((value, index) => value - (before[index] ?? 0)));
        const error = Math.hypot(...wanted.map((value, index) => value - (moved[index] ?? 0)));
        changes.push(change);
        errors.push(error);
        // In few images of few pixels the rounding of one lets others pass a ReLU.
        expect(error, name).toBeLessThanOrEqual(0.4 * change + 1e-6);
      }
      expect(Math.hypot(...errors)).toBeLessThan(0.2 * Math.hypot(...changes));
      // Weights of bfloat16 would lose most of what a step changes.
      const kernel = actual['stage1.unit1.conv1/kernel'] as Float32Array;
      expect(roundToBfloat16(kernel)).not.toEqual(kernel);
    },
  );
});
