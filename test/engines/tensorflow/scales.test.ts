/** @file Arrays that are all multiplied by one number, by td's own kernel for TensorFlow: what it gives, and what it leaves. */
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { JOINED_UPDATES, SCALES } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { createNumbers } from '../../support/numbers.ts';
import { NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase } from '../../support/training-cases.ts';

const SHAPES = { large: [300, 401], small: [7], fed: [2, 3] } as const;

/** What is fed, what is kept and what is computed, times half of a number; and that once more, which is wanted before. */
const scaled: StepFunction = ({ large, small }, { fed, number }) => {
  const factor = tf.mul(number as tf.Tensor, 0.5);
  const made = tf.neg(large as tf.Tensor);
  const first = tf.mul(small as tf.Tensor, factor);
  const later = tf.square(first);
  return {
    state: {},
    fetches: {
      first,
      fed: tf.mul(factor, fed as tf.Tensor),
      large: tf.mul(large as tf.Tensor, factor),
      made: tf.mul(made, factor),
      again: tf.mul(later, factor),
    },
  };
};
const spec = (shape: readonly number[]) => ({ shape, dtype: 'float32' as const });
const signature: Signature = {
  state: { large: spec(SHAPES.large), small: spec(SHAPES.small) },
  feeds: { fed: spec(SHAPES.fed), number: spec([]) },
};

describeTensorflow('arrays times a number', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (!native.dense) {
    return describeAbsent('tensorflow', NO_OWN_KERNELS);
  }
  const operationsOf = (skip: readonly string[] = []) =>
    planProgram(scaled, signature, new Set(skip), native).rest.operations.filter(
      ({ op }) => op !== 'Constant',
    );

  it('are one operation, but for those that are there too late', () => {
    const joined = operationsOf().filter(({ op }) => op === 'ScaleAll');
    expect(joined.map(({ outputs }) => outputs.length)).toEqual([4]);
    expect(operationsOf().filter(({ op }) => op === 'Multiply')).toHaveLength(2);
    expect(operationsOf([SCALES]).filter(({ op }) => op === 'Multiply')).toHaveLength(6);
  });

  it('are the products to the bit, and what is fed and kept stays as it is', async () => {
    const numbers = createNumbers(3);
    const [large, small, fed] = [numbers.normal(300 * 401), numbers.normal(7), numbers.normal(6)];
    small[2] = Number.NaN;
    const before = fed.slice();
    const program = compile(scaled, signature, native);
    await program.writeState({ large, small });
    const results = await program.run({ fed, number: Float32Array.of(0.3) });
    const factor = Math.fround(Math.fround(0.3) * 0.5);
    const times = (array: Float32Array) => array.map((number) => number * factor);
    expect(results).toEqual({
      first: times(small),
      fed: times(fed),
      large: times(large),
      made: times(large.map((number) => -number)),
      again: times(times(small).map((number) => number * number)),
    });
    expect(fed).toEqual(before);
    expect(await program.readState()).toEqual({ large, small });
    program.dispose();
  });

  it('are all gradients that a training clips', () => {
    const { compiled, state } = createTrainingCase('resnet', { name: 'none' }, { gradientClip: 1 });
    // The kernel of updates would multiply them on its way.
    const { rest } = planProgram(compiled.step, compiled.signature, new Set([JOINED_UPDATES]), native);
    const [clipped, ...others] = rest.operations.filter(({ op }) => op === 'ScaleAll');
    expect(others).toEqual([]);
    const trained = Object.keys(state).filter((name) => `optimizer/velocity/${name}` in state);
    expect(clipped?.outputs).toHaveLength(trained.length);
  });
});
