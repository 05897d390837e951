/** @file td's own kernels of convolutions on TensorFlow: what they give, and where they are taken. */
import { expect, it } from 'vitest';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { MINIMAL_FILTERING } from '../../../src/engines/minimal-filtering.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { computeElsewhere, NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase } from '../../support/training-cases.ts';
import {
  type Comparison,
  compareLayer,
  convolution,
  LAYERS,
  type Layer,
  signatureOf,
} from './convolution-cases.ts';

/** Rounding of sums of hundreds of products, multiplied by the entries of the transforms; of the largest number. */
const ROUNDING = 2e-5;

const SCRIPT = 'convolution-process.ts';

/** What the script prints. */
interface Found {
  readonly lanes: number;
  readonly comparisons: readonly Comparison[];
}

describeTensorflow('a convolution by minimal filtering', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (native.lanes === 0) {
    return describeAbsent('tensorflow', NO_OWN_KERNELS);
  }

  const countKernels = (step: StepFunction, signature: Signature, skip?: string): number =>
    planProgram(step, signature, new Set(skip ? [skip] : []), native).rest.operations.filter(({ op }) =>
      op.startsWith('Convolve'),
    ).length;

  it.each(LAYERS)(
    'gives the result and the gradients of a sum over every pixel, the same bits every time: %o',
    async (layer) => {
      expect(countKernels(convolution(1), signatureOf(layer))).toBe(3);
      const found = await compareLayer(layer, native);
      expect(found.error).toBeLessThan(ROUNDING);
      expect(await compareLayer(layer, native)).toEqual(found);
    },
  );

  it('gives the same bits with one thread as with three', () => {
    const [one, three] = [
      computeElsewhere<Found>(SCRIPT, 1, native.lanes),
      computeElsewhere<Found>(SCRIPT, 3, native.lanes),
    ];
    expect(one.lanes).toBe(native.lanes);
    expect(one.comparisons.slice(0, LAYERS.length)).toEqual(three.comparisons.slice(0, LAYERS.length));
  });

  it('gives the same to rounding by the instructions of older processors', () => {
    const { lanes, comparisons } = computeElsewhere<Found>(SCRIPT, 2, 8);
    expect(lanes).toBe(8);
    for (const { error } of comparisons) expect(error).toBeLessThan(ROUNDING);
  });

  it.each([
    ['of a stride of two', { ...(LAYERS[0] as Layer), strides: 2 }],
    ['of channels that fill no vector', { images: [2, 8, 8], inputs: 16, filters: 12 }],
    ['of images smaller than a tile', { images: [2, 3, 8], inputs: 16, filters: 16 }],
  ] as const)("is left to TensorFlow's own kernels: one %s", (_, layer) => {
    expect(countKernels(convolution('strides' in layer ? layer.strides : 1), signatureOf(layer))).toBe(0);
  });

  it('is left out with its pass', () => {
    const layer = LAYERS[0] as Layer;
    expect(countKernels(convolution(1), signatureOf(layer), MINIMAL_FILTERING)).toBe(0);
  });

  it('is part of the step of a network', () => {
    const { compiled } = createTrainingCase('blockedResnet', { name: 'none' });
    expect(countKernels(compiled.step, compiled.signature)).toBeGreaterThan(0);
  });
});
