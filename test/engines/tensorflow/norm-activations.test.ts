/** @file td's own kernels of batch normalisation with ReLU on TensorFlow: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import type { StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { NORM_ACTIVATIONS } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { batchNorm } from '../../../src/models/batch-norm.ts';
import { computeElsewhere, NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase } from '../../support/training-cases.ts';
import {
  drawArrays,
  errorOf,
  hashOf,
  IMAGES,
  type ImagesShape,
  normWithRelu,
  signatureOf,
} from './norm-cases.ts';

/** Rounding of sums of thousands of numbers, of the largest. */
const ROUNDING = 5e-6;

const SCRIPT = 'norm-process.ts';

/** What the script prints. */
interface Found {
  readonly lanes: number;
  readonly hashes: readonly string[];
  readonly errors: readonly number[];
}

describeTensorflow('a batch normalisation with ReLU', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (!native.passes) {
    return describeAbsent('tensorflow', NO_OWN_KERNELS);
  }
  const operationsOf = (step: StepFunction, shape: ImagesShape, skip: readonly string[] = []) =>
    planProgram(step, signatureOf(shape), new Set(skip), native).rest.operations.map(({ op }) => op);
  const isOwn = (op: string) => op.startsWith('NormRelu') || op === 'ScaleRelu';

  it.each(IMAGES.map((shape) => [shape]))(
    'of %j gives what plain loops in double precision give',
    async (shape) => {
      expect(operationsOf(normWithRelu, shape).filter(isOwn).sort()).toEqual([
        'NormRelu',
        'NormReluGradient',
      ]);
      expect(await errorOf(shape, native)).toBeLessThan(ROUNDING);
    },
  );

  it('passes NaN on', async () => {
    const shape = IMAGES[0] as ImagesShape;
    const { x, slope, scale, shift } = drawArrays(shape);
    x[5] = Number.NaN;
    const program = compile(normWithRelu, signatureOf(shape), native);
    await program.writeState({ scale, shift });
    const { y, dx } = await program.run({ x, slope });
    program.dispose();
    for (const array of [y, dx]) {
      const isWrong = Array.from(array ?? [], (number, place) => Number.isNaN(number) !== (place % 16 === 5));
      expect(isWrong).not.toContain(true);
    }
  });

  it.each(IMAGES.map((shape) => [shape]))(
    'of %j by averages is one pass, which leaves what it is fed',
    async (shape) => {
      const evaluate: StepFunction = ({ scale, shift }, { x, slope }) => {
        const activate = (images: tf.Tensor) =>
          tf.relu(tf.add(tf.mul(images, scale as tf.Tensor), shift as tf.Tensor));
        // The first is fed, the second computed, so that its memory may be used again.
        return {
          state: {},
          fetches: { fed: activate(x as tf.Tensor), made: activate(tf.neg(slope as tf.Tensor)) },
        };
      };
      expect(operationsOf(evaluate, shape)).toEqual(['ScaleRelu', 'Neg', 'ScaleRelu']);
      const { x, slope, scale, shift } = drawArrays(shape);
      x[3] = Number.NaN;
      const program = compile(evaluate, signatureOf(shape), native);
      await program.writeState({ scale, shift });
      const before = x.slice();
      const { fed, made } = (await program.run({ x, slope })) as Record<string, Float32Array>;
      program.dispose();
      expect(x).toEqual(before);
      const plainly = (images: Float32Array) =>
        images.map((number, place) => {
          const channel = place % shape[3];
          const y = number * (scale[channel] as number) + (shift[channel] as number);
          return y < 0 ? 0 : y;
        });
      for (const [found, wanted] of [
        [fed, plainly(x)],
        [made, plainly(slope.map((number) => -number))],
      ] as const) {
        expect(found?.length).toBe(wanted.length);
        const isOff = (number: number, place: number) => !(Math.abs(number - (found?.[place] ?? 0)) < 1e-6);
        const off = [...wanted.keys()].filter((place) => isOff(wanted[place] as number, place));
        expect(off).toEqual(found === fed ? [3] : []);
      }
    },
  );

  it.each([
    ['of channels that fill no vector', normWithRelu, [2, 3, 3, 12]],
    [
      'whose result something else takes, too',
      ((state, { x }) => {
        const parameter = (name: string) => (name === 'n/scale' ? state.scale : state.shift) as tf.Tensor;
        const layers = { training: true, parameter, update: () => {} };
        const normalised = batchNorm(x as tf.Tensor, 'n', layers, { momentum: 0, epsilon: 1e-3 });
        return { state: {}, fetches: { y: tf.relu(normalised), other: tf.neg(normalised) } };
      }) satisfies StepFunction,
      [2, 3, 3, 16],
    ],
  ] as const)("is left to TensorFlow's own kernels: one %s", (_, step, shape) => {
    expect(operationsOf(step, shape).filter(isOwn)).toEqual([]);
  });

  it('is left out with its pass', () => {
    const left = operationsOf(normWithRelu, IMAGES[0] as ImagesShape, [NORM_ACTIVATIONS]);
    expect(left.filter(isOwn)).toEqual([]);
    expect(left).toContain('FusedBatchNormGrad');
  });

  it('stands in every place of a ResNet that has one', () => {
    const { compiled } = createTrainingCase('blockedResnet', { name: 'none' });
    const { rest } = planProgram(compiled.step, compiled.signature, new Set(), native);
    const count = (name: string) => rest.operations.filter(({ op }) => op === name).length;
    expect(count('NormRelu')).toBeGreaterThan(2);
    expect(count('NormReluGradient')).toBe(count('NormRelu'));
    expect([count('FusedBatchNorm'), count('Relu'), count('ReluGrad')]).toEqual([0, 0, 0]);
  });

  it('gives the same bits with one thread as with three, and every time', async () => {
    const [one, three] = [
      computeElsewhere<Found>(SCRIPT, 1, native.lanes),
      computeElsewhere<Found>(SCRIPT, 3, native.lanes),
    ];
    expect(one).toEqual(three);
    for (const [index, shape] of IMAGES.entries())
      expect(await hashOf(shape, native)).toBe(one.hashes[index]);
  });

  it('gives the same to rounding by the instructions of older processors', () => {
    const { lanes, errors } = computeElsewhere<Found>(SCRIPT, 2, 8);
    expect(lanes).toBe(8);
    expect(errors).toHaveLength(IMAGES.length);
    for (const error of errors) expect(error).toBeLessThan(ROUNDING);
  });
});
