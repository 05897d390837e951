/** @file Losses, right answers and gradients by td's own kernel for TensorFlow: what is joined, and what it gives. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { StepFunction } from '../../../src/compiler/step.ts';
import { NO_KERNELS, type OwnKernels } from '../../../src/engines/tensorflow/kernels.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { CROSS_ENTROPIES } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { buildEvaluationStep } from '../../../src/training/evaluator.ts';
import { crossEntropy, toOneHot } from '../../../src/training/loss.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { computeElsewhere, largestError, NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase, METHODS } from '../../support/training-cases.ts';
import {
  classify,
  classifyNatively,
  classifyPlainly,
  drawLogits,
  hashOf,
  LOGITS,
  type Logits,
  signatureOf,
} from './cross-entropy-cases.ts';

await useCpuBackend();

const SCRIPT = 'cross-entropy-process.ts';
/** In units of the largest number of an array. */
const ROUNDING = 1e-6;
const OWN: OwnKernels = { ...NO_KERNELS, lanes: 8, crossEntropies: true };
const OF_SOFTMAX = ['Exp', 'Log', 'ArgMax', 'Max', 'Equal'];
const [usual] = LOGITS as [Logits];

interface Found {
  readonly lanes: number;
  readonly hashes: readonly string[];
  readonly errors: readonly number[];
}

describe('losses and their gradient', () => {
  const operationsOf = (step: StepFunction, skip: readonly string[] = [], own = OWN) =>
    planProgram(step, signatureOf(usual), new Set(skip), own)
      .rest.operations.map(({ op }) => op)
      .filter((op) => op !== 'Constant');

  it('are one operation, from which all three are taken', () => {
    expect(operationsOf(classify(usual.classes)).sort()).toEqual(['CrossEntropy', 'Multiply']);
    const left = operationsOf(classify(usual.classes), [CROSS_ENTROPIES]);
    expect(left).toEqual(expect.arrayContaining(OF_SOFTMAX));
    expect(operationsOf(classify(usual.classes), [], NO_KERNELS)).toEqual(left);
  });

  it.each(Object.entries(METHODS))(
    'are in a training step of %s, and in its evaluation',
    (_, regularizer) => {
      const { compiled, setup } = createTrainingCase('lenet', regularizer);
      const evaluation = buildEvaluationStep(setup.model, 50);
      for (const { step, signature } of [compiled, evaluation]) {
        const { rest } = planProgram(step, signature, new Set(), OWN);
        expect(rest.operations.filter(({ op }) => op === 'CrossEntropy')).toHaveLength(1);
        const known = rest.operations.map(({ op }) => op);
        expect(known.filter((op) => op === 'ArgMax')).toEqual([]);
      }
    },
  );

  it('keep a gradient to which rows contribute differently', () => {
    const step: StepFunction = (state, { logits, labels }) => {
      const weights = tf.tensor1d(Float32Array.from({ length: usual.batch }, (_, row) => row));
      const loss = (x: tf.Tensor): tf.Scalar =>
        tf.sum(tf.mul(weights, crossEntropy(x, toOneHot(labels as tf.Tensor, usual.classes))));
      return { state, fetches: { gradient: tf.grad(loss)(logits as tf.Tensor) } };
    };
    expect(operationsOf(step)).toEqual(expect.arrayContaining(['Exp', 'Sum', 'Sub']));
  });

  it.each<[string, (logits: tf.Tensor, labels: tf.Tensor) => tf.Tensor]>([
    [
      'classes in another order',
      (x, y) => {
        const order = tf.tensor1d(
          Int32Array.from({ length: usual.classes }, (_, index) => usual.classes - 1 - index),
          'int32',
        );
        return tf.neg(
          tf.sum(tf.mul(tf.cast(tf.equal(tf.expandDims(y, 1), order), 'float32'), tf.logSoftmax(x)), -1),
        );
      },
    ],
    [
      'the logarithm of a softmax of other logits',
      (x, y) =>
        tf.neg(
          tf.sum(tf.mul(toOneHot(y, usual.classes), tf.sub(x, tf.logSumExp(tf.mul(x, 2), -1, true))), -1),
        ),
    ],
    [
      'a sum along the batch',
      (x, y) => tf.neg(tf.sum(tf.mul(toOneHot(y, usual.classes), tf.logSoftmax(x)), 0)),
    ],
  ])('are not mistaken: %s', (_, loss) => {
    const step: StepFunction = (state, { logits, labels }) => ({
      state,
      fetches: { loss: loss(logits as tf.Tensor, labels as tf.Tensor) },
    });
    expect(operationsOf(step)).not.toContain('CrossEntropy');
  });
});

describeTensorflow('losses by one kernel', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (!native.crossEntropies) return describeAbsent('tensorflow', NO_OWN_KERNELS);

  it.each(LOGITS)(
    'are those of plain loops in double precision: $batch × $classes, $spread',
    async (shape) => {
      const feeds = drawLogits(shape);
      const { losses, right, gradient } = classifyPlainly(shape, feeds);
      const found = await classifyNatively(shape, native);
      // With one class there is nothing to lose.
      if (shape.classes === 1) {
        expect([...found.losses, ...found.gradient].every((number) => number === 0)).toBe(true);
        expect([...found.right]).toEqual([1, 1]);
        return;
      }
      expect(largestError({ losses, gradient }, { ...found })).toBeLessThan(ROUNDING);
      expect([...found.right]).toEqual([...right]);
      expect(new Set(found.right)).toEqual(new Set([0, 1]));
    },
  );

  it('are exact to the precision of float32 in every row', async () => {
    const shape = { batch: 400, classes: 10, spread: 12 };
    const { losses } = classifyPlainly(shape, drawLogits(shape));
    const found = await classifyNatively(shape, native);
    const errors = found.losses.map(
      (loss, row) => Math.abs(loss - (losses[row] as number)) / (1 + (losses[row] as number)),
    );
    expect(Math.max(...errors)).toBeLessThan(3e-7);
  });

  it("are TensorFlow's own to rounding", async () => {
    for (const shape of LOGITS.slice(0, 5)) {
      const own = await classifyNatively(shape, native);
      const { losses, right, gradient } = await classifyNatively(shape, native, undefined, [CROSS_ENTROPIES]);
      expect(largestError({ losses, gradient }, { ...own })).toBeLessThan(2 * ROUNDING);
      expect(own.right).toEqual(right);
    }
  });

  it('pass NaN and infinity on, in their row alone', async () => {
    const shape = { batch: 6, classes: 20, spread: 1 };
    const { logits, labels } = drawLogits(shape);
    logits[21] = Number.NaN;
    logits[2 * 20 + 19] = Number.POSITIVE_INFINITY;
    logits[3 * 20 + 2] = Number.NEGATIVE_INFINITY;
    labels[3] = 4;
    const found = await classifyNatively(shape, native, { logits, labels });
    const theirs = await classifyNatively(shape, native, { logits, labels }, [CROSS_ENTROPIES]);
    expect([...found.losses].map(Number.isNaN)).toEqual([false, true, true, false, false, false]);
    expect([...theirs.losses].slice(1, 3).map(Number.isNaN)).toEqual([true, true]);
    expect(found.gradient.subarray(20, 60).every(Number.isNaN)).toBe(true);
    expect(found.gradient[3 * 20 + 2]).toBe(0);
    expect(found.gradient.subarray(60).some(Number.isNaN)).toBe(false);
  });

  it('give the same bits with one thread as with three, and every time', async () => {
    const [one, three] = [1, 3].map((threads) => computeElsewhere<Found>(SCRIPT, threads, native.lanes));
    expect(one).toEqual(three);
    expect(await Promise.all(LOGITS.map((shape) => hashOf(shape, native)))).toEqual(one?.hashes);
  });

  it('give the same to rounding by the instructions of older processors', () => {
    const { lanes, errors } = computeElsewhere<Found>(SCRIPT, 2, 8);
    expect(lanes).toBe(8);
    for (const error of errors.slice(0, 5)) expect(error).toBeLessThan(ROUNDING);
  });
});
