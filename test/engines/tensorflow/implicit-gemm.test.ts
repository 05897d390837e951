/** @file td's own kernels of convolutions without a margin on TensorFlow: what they give, and where they are taken. */
import { expect, it } from 'vitest';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { IMPLICIT_GEMM } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { itChecksAddresses } from '../../support/checked-addresses.ts';
import { computeElsewhere, NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase, METHODS } from '../../support/training-cases.ts';
import {
  compareWindows,
  signatureOf,
  WINDOW_LAYERS,
  type WindowComparison,
  type WindowLayer,
  windows,
} from './implicit-gemm-cases.ts';

/** Rounding of sums of up to thousands of products; of the largest number. */
const ROUNDING = 2e-6;

const SCRIPT = 'implicit-gemm-process.ts';

/** What the script prints. */
interface Found {
  readonly lanes: number;
  readonly comparisons: readonly WindowComparison[];
}

describeTensorflow('a convolution without a margin', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (!native.implicitGemm) {
    return describeAbsent('tensorflow', NO_OWN_KERNELS);
  }

  const operationsOf = (layer: WindowLayer, skip: string[] = []): string[] =>
    planProgram(windows, signatureOf(layer), new Set(skip), native)
      .rest.operations.map(({ op }) => op)
      .filter((op) => op.startsWith('ImplicitGemm') || op.startsWith('Conv'))
      .sort();

  it.each(WINDOW_LAYERS)(
    'and its gradients are what plain loops sum in double precision, the same bits every time: %o',
    async (layer) => {
      expect(operationsOf(layer)).toEqual([
        'ImplicitGemm',
        'ImplicitGemmFilterGradient',
        'ImplicitGemmInputGradient',
      ]);
      const found = await compareWindows(layer, native);
      expect(found.error).toBeLessThan(ROUNDING);
      expect(await compareWindows(layer, native)).toEqual(found);
    },
  );

  const sets = [8, 16].filter((lanes) => lanes <= native.lanes);
  it.each(sets)(
    'is what plain loops sum with vectors of %d, the same bits with one thread as with three',
    (lanes) => {
      const [one, three] = [
        computeElsewhere<Found>(SCRIPT, 1, lanes),
        computeElsewhere<Found>(SCRIPT, 3, lanes),
      ];
      expect(one.lanes).toBe(lanes);
      expect(one.comparisons).toHaveLength(WINDOW_LAYERS.length);
      for (const { error } of one.comparisons) expect(error).toBeLessThan(ROUNDING);
      expect(one).toEqual(three);
    },
  );

  itChecksAddresses(
    'reads and writes nothing beyond its images, nor do pools behind it',
    'windows-memory.cc',
    native.lanes,
    ROUNDING,
  );

  it('is left to TensorFlow where its channels fill vectors, and without the pass', () => {
    const left = ['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput'];
    expect(operationsOf({ images: [2, 8, 8], inputs: 16, filter: [5, 5, 32] })).toEqual(left);
    expect(operationsOf(WINDOW_LAYERS[0] as WindowLayer, [IMPLICIT_GEMM])).toEqual(left);
  });

  it('is part of the step of a network', () => {
    const { compiled } = createTrainingCase(
      'pooledLenet',
      METHODS['targeted dropout of units'] ?? { name: 'none' },
    );
    const { rest } = planProgram(compiled.step, compiled.signature, new Set(), native);
    const operations = rest.operations.map(({ op }) => op);
    expect(operations).toContain('ImplicitGemmInputGradient');
    if (!native.pools) return;
    expect(operations.filter((op) => op === 'RectifiedConvolution')).toHaveLength(2);
    expect(operations.filter((op) => op === 'PoolGradient')).toHaveLength(2);
  });
});
