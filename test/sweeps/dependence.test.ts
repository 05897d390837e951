/** @file The dependence on removed weights against the whole Hessian of a small network, and against what pruning does. */
import { describe, expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import type { Split } from '../../src/data/types.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { prunedWeights } from '../../src/methods/pruned-weights.ts';
import type { Regularizer } from '../../src/methods/types.ts';
import { createModel } from '../../src/models/registry.ts';
import { type Blocks, type Dependence, measureDependence } from '../../src/sweeps/dependence.ts';
import { Curvature } from '../../src/training/curvature.ts';
import { Evaluator } from '../../src/training/evaluator.ts';
import { createNumbers } from '../support/numbers.ts';

const KERNEL = 'dense1/kernel';
const RATE = 0.5;
const numbers = createNumbers(3);
const split: Split = {
  count: 20,
  images: Uint8Array.from(numbers.uniform(20 * 9), (value) => 256 * value),
  labels: Uint8Array.from(numbers.uniform(20), (value) => 3 * value),
};
const model = createModel({ name: 'mlp', widths: [4], initializer: 'glorotUniform' }, [3, 3, 1], 3);
const regularizer: Regularizer = { name: 'none' };
const state: NamedArrays = Object.fromEntries(
  model.parameters.map(({ name, shape }) => [name, numbers.normal(sizeOf(shape))]),
);

async function measure(
  measured: NamedArrays,
  draws: number,
): Promise<{ dependence: Dependence; hessian: Float64Array[]; pruned: NamedArrays; change: number }> {
  const engine = await createReferenceEngine();
  const curvature = await Curvature.create(engine, model, split);
  const network = { model, regularizer, state: measured, pruneRate: RATE };
  const dependence = await measureDependence(network, curvature, draws);
  const count = (measured[KERNEL] as Float32Array).length;
  const hessian: Float64Array[] = [];
  for (let column = 0; column < count; column++) {
    const unit = Float64Array.from({ length: count }, (_, index) => Number(index === column));
    hessian.push((await curvature.along(measured, { [KERNEL]: unit })).product[KERNEL] as Float64Array);
  }
  const pruned = prunedWeights(model, regularizer, measured, 'weight', RATE).parameters;
  const evaluator = await Evaluator.create(engine, model, split);
  const change = (await evaluator.evaluate(pruned)).loss - (await evaluator.evaluate(measured)).loss;
  return { dependence, hessian, pruned, change };
}

/** Sums and Frobenius norms of the blocks, entry by entry. */
function blocksOf(hessian: Float64Array[], weights: Float32Array, kept: Float32Array): [Blocks, Blocks] {
  const sums = { kept: 0, cross: 0, removed: 0 };
  const squares = { kept: 0, cross: 0, removed: 0 };
  for (const [j, column] of hessian.entries()) {
    for (const [i, second] of column.entries()) {
      const [isKept, isOtherKept] = [kept[i] !== 0, kept[j] !== 0];
      if (!isKept && isOtherKept) continue;
      const block = isKept === isOtherKept ? (isKept ? 'kept' : 'removed') : 'cross';
      const entry = Number(weights[i]) * second * Number(weights[j]);
      sums[block] += entry;
      squares[block] += entry ** 2;
    }
  }
  const norms = {
    kept: Math.sqrt(squares.kept),
    cross: Math.sqrt(squares.cross),
    removed: Math.sqrt(squares.removed),
  };
  return [sums, norms];
}

describe('measureDependence', () => {
  it('sums θᵢ Hᵢⱼ θⱼ over kept, cross and removed entries as the whole Hessian has them', async () => {
    const { dependence, hessian, pruned } = await measure(state, 400);
    const [sums, norms] = blocksOf(hessian, state[KERNEL] as Float32Array, pruned[KERNEL] as Float32Array);
    for (const block of ['kept', 'cross', 'removed'] as const) {
      expect(Math.abs(norms[block])).toBeGreaterThan(1e-3);
      expect(Math.abs(dependence.sums[block] - sums[block])).toBeLessThan(1e-5 * norms.kept);
      // 400 random directions estimate a norm to some percent.
      expect(dependence.norms[block] / norms[block]).toBeGreaterThan(0.85);
      expect(dependence.norms[block] / norms[block]).toBeLessThan(1.15);
    }
    expect(dependence.secondOrder).toBe(dependence.sums.removed / 2);
  });

  it('predicts how much the loss rises where the removed weights are small', async () => {
    const { pruned } = await measure(state, 1);
    const kept = pruned[KERNEL] as Float32Array;
    const faded = (state[KERNEL] as Float32Array).map((weight, index) =>
      kept[index] === 0 ? 0.02 * weight : weight,
    );
    const { dependence, change } = await measure({ ...state, [KERNEL]: faded }, 1);
    const { firstOrder, secondOrder } = dependence;
    expect(Math.abs(change)).toBeGreaterThan(1e-4);
    expect(firstOrder + secondOrder).toBeCloseTo(change, 6);
    // Neither term is there for nothing.
    expect(Math.abs(firstOrder - change)).toBeGreaterThan(1e-5);
  });
});
