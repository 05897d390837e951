/** @file td's own kernels of passes over weights on TensorFlow: what they give, and where they are taken. */
import { expect, it } from 'vitest';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { WEIGHT_PASSES } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { writtenBy } from '../../../src/engines/tensorflow/update-kinds.ts';
import { largestDifference } from '../../support/engines.ts';
import { computeElsewhere, NO_OWN_KERNELS } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase, METHODS, OPTIMIZERS } from '../../support/training-cases.ts';
import {
  computeNatively,
  computePlainly,
  drawArrays,
  hashOf,
  signatureOf,
  WEIGHTS,
  weightPasses,
} from './weight-cases.ts';

/** Of a sum of two products. */
const ROUNDING = 2 ** -23;
const OWN = ['ColumnRank', 'Keep', 'AddScaled', 'SumSquares'];

const SCRIPT = 'weight-process.ts';

/** What the script prints. */
interface Found {
  readonly lanes: number;
  readonly hashes: readonly string[];
  readonly norms: readonly number[];
}

describeTensorflow('a pass over weights', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (!native.passes) {
    return describeAbsent('tensorflow', NO_OWN_KERNELS);
  }

  it.each(WEIGHTS)('gives what sorting and plain loops give: %o', async (weight) => {
    const arrays = drawArrays(weight);
    const [expected, actual] = [
      computePlainly(weight, arrays),
      await computeNatively(weight, arrays, native),
    ];
    // A product of 0 and a negative number is −0.
    const signless = (array: Float32Array) => array.map((number) => number + 0);
    expect(signless(actual.kept)).toEqual(signless(expected.kept));
    const largest = expected.decayed.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
    const { difference } = largestDifference({ decayed: actual.decayed }, { decayed: expected.decayed });
    expect(difference).toBeLessThanOrEqual(largest * ROUNDING);
    expect(Math.abs(actual.norm / expected.norm - 1)).toBeLessThan(1e-6);
    expect(actual.kept.filter((number) => number === 0).length).toBeGreaterThan(0);
  });

  it('is one operation each, which leaves no masks and no squares', () => {
    const weight = WEIGHTS[2] as (typeof WEIGHTS)[number];
    const operationsOf = (skip: readonly string[]) =>
      planProgram(weightPasses(weight.share), signatureOf(weight), new Set(skip), native)
        .rest.operations.map(({ op }) => op)
        .filter((op) => op !== 'Constant');
    expect(operationsOf([]).sort()).toEqual([
      'AddScaled',
      'ColumnRank',
      'Keep',
      'Keep',
      'Neg',
      'Sqrt',
      'SumSquares',
    ]);
    expect(operationsOf([WEIGHT_PASSES]).filter((op) => OWN.includes(op))).toEqual([]);
  });

  it.each(Object.keys(OPTIMIZERS))('leaves the updates of %s alone', (name) => {
    const optimizer = OPTIMIZERS[name as keyof typeof OPTIMIZERS];
    const schedule = { optimizer, learningRate: 0.1, weightDecay: 0.01, gradientClip: 1 };
    const { compiled } = createTrainingCase('mlp', { name: 'none' }, schedule);
    const plan = (skip: readonly string[]) =>
      planProgram(compiled.step, compiled.signature, new Set(skip), native);
    const kinds = ({ updates }: ReturnType<typeof plan>) =>
      updates.map((update) => [update.kind, writtenBy(update)]);
    expect(kinds(plan([]))).toEqual(kinds(plan([WEIGHT_PASSES])));
    const count = (kind: string) => plan([]).rest.operations.filter(({ op }) => op === kind).length;
    // Biases, and kernels, whose decay goes with the product that gives their gradient.
    expect([count('AddScaled'), count('DenseWeightGradientDecay')]).toEqual(native.dense ? [3, 3] : [6, 0]);
  });

  it.each(Object.entries(METHODS))('is not mistaken in a step of %s', (name, regularizer) => {
    const { compiled } = createTrainingCase('lenet', regularizer, { learningRate: 0.1, weightDecay: 0.01 });
    const { rest } = planProgram(compiled.step, compiled.signature, new Set(), native);
    const shapes = rest.operations.flatMap(({ op, inputs, outputs: [output] }) =>
      op === 'AddScaled' || op === 'Keep' ? [[inputs[0]?.shape, inputs[1]?.shape, output?.shape]] : [],
    );
    for (const [x, weight, result] of shapes) expect([x, weight]).toEqual([result, result]);
    // That method switches weight decay off.
    const decays = !name.startsWith('variational');
    expect(rest.operations.some(({ op }) => op === 'AddScaled')).toBe(decays);
  });

  it('gives the same to rounding by the instructions of older processors', () => {
    const { lanes, norms } = computeElsewhere<Found>(SCRIPT, 2, 8);
    expect(lanes).toBe(8);
    for (const [index, weight] of WEIGHTS.entries()) {
      const { norm } = computePlainly(weight, drawArrays(weight));
      expect(Math.abs((norms[index] ?? Number.NaN) / norm - 1)).toBeLessThan(1e-6);
    }
  });

  it('gives the same bits with one thread as with three, and every time', async () => {
    const [one, three] = [
      computeElsewhere<Found>(SCRIPT, 1, native.lanes),
      computeElsewhere<Found>(SCRIPT, 3, native.lanes),
    ];
    expect(one).toEqual(three);
    for (const [index, weight] of WEIGHTS.entries())
      expect(await hashOf(weight, native)).toBe(one.hashes[index]);
  });
});
