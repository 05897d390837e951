/** @file A step that is recorded may not draw random numbers: they would be the same in every run of it. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { recordStep } from '../../src/compiler/trace-step.ts';

const signature = {
  state: { weight: { shape: [2], dtype: 'float32' } },
  feeds: {},
  fetches: {},
} as const;

/** `Math.random`, which is banned in td itself. */
const draw = (): number => (Reflect.get(Math, 'random') as () => number)();

/** @param change of the weight at each step */
const record = (change: (weight: tf.Tensor) => tf.Tensor) =>
  recordStep(({ weight }) => ({ state: { weight: change(weight as tf.Tensor) }, fetches: {} }), signature);

describe('a step that is recorded', () => {
  it.each<[string, (weight: tf.Tensor) => tf.Tensor]>([
    ['tf.randomNormal', (weight) => tf.add(weight, tf.randomNormal([2]))],
    ['tf.randomUniform', (weight) => tf.add(weight, tf.randomUniform([2]))],
    ['tf.dropout', (weight) => tf.dropout(weight, 0.5)],
    ['a number of JavaScript', (weight) => tf.mul(weight, draw())],
  ])('is refused if it draws: %s', (_, change) => {
    expect(() => record(change)).toThrow(
      /^the step draws random numbers while it is built, .*: let it be fed noise$/,
    );
    // Outside of it numbers are drawn as before.
    expect(draw()).toBeLessThan(1);
  });

  it('is recorded if it does not', () => {
    expect(record((weight) => tf.mul(weight, 2)).operations.at(-1)).toMatchObject({ op: 'Multiply' });
  });
});
