/**
 * @file How much the loss of a trained network depends on the weights that pruning removes: the expansion of the paper,
 * ΔE = E(θ − d) − E(θ) ≈ −∇Eᵀd + ½ dᵀHd, where d holds the removed weights and zeros elsewhere, and how the terms θᵢ Hᵢⱼ θⱼ
 * are shared out among kept and removed weights.
 */
import type { NamedArrays } from '../arrays.ts';
import { orThrow } from '../lookup.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import { prunedWeights } from '../methods/pruned-weights.ts';
import type { Regularizer } from '../methods/types.ts';
import type { Model } from '../models/types.ts';
import { fillBernoulli } from '../random/streams.ts';
import type { Curvature, Direction } from '../training/curvature.ts';

type Numbers = Readonly<Record<string, Float64Array>>;

/** Numbers of the matrix with entries θᵢ Hᵢⱼ θⱼ, i and j over prunable weights, by what becomes of i and j. */
export interface Blocks {
  readonly kept: number;
  /** i kept and j removed; the transposed block holds the same once more. */
  readonly cross: number;
  readonly removed: number;
}

export interface Dependence {
  /** −∇Eᵀd */
  readonly firstOrder: number;
  /** ½ dᵀHd */
  readonly secondOrder: number;
  /** Sums of the entries of each block; that of `removed` is dᵀHd. */
  readonly sums: Blocks;
  /** Frobenius norms of the blocks, estimated from random directions. */
  readonly norms: Blocks;
}

/** What is measured: a trained network, and how it is pruned. */
export interface MeasuredNetwork {
  readonly model: Model;
  readonly regularizer: Regularizer;
  /** As `prunedWeights` takes it. */
  readonly state: NamedArrays;
  /** Share of each column's entries to remove, 0 to 1. */
  readonly pruneRate: number;
}

/**
 * Measures at the evaluation weights, with entries of least importance removed within each column.
 *
 * The norm of a block B comes from E ‖B r‖² = ‖B‖², r of independent random signs. The sums are exact.
 *
 * @param draws number of random directions for the norms, at least 1
 * @param onDraw told how many directions are done
 */
export async function measureDependence(
  { model, regularizer, state, pruneRate }: MeasuredNetwork,
  curvature: Curvature,
  draws: number,
  onDraw: (done: number) => void = () => {},
): Promise<Dependence> {
  const parameters = evaluationParameters(model, regularizer, state);
  const pruned = prunedWeights(model, regularizer, state, 'weight', pruneRate).parameters;
  const kept = weightsOf(model, (name, index) => numberAt(pruned, name, index));
  const removed = weightsOf(
    model,
    (name, index) => numberAt(parameters, name, index) - numberAt(kept, name, index),
  );
  const { gradient, product: alongRemoved } = await curvature.along(parameters, removed);
  const { product: alongKept } = await curvature.along(parameters, kept);
  const sums: Blocks = {
    kept: dot(kept, alongKept),
    cross: dot(removed, alongKept),
    removed: dot(removed, alongRemoved),
  };
  const squares = { kept: 0, cross: 0, removed: 0 };
  for (let draw = 0; draw < draws; draw++) {
    const signs = drawSigns(model, draw);
    const byKept = (await curvature.along(parameters, multiply(kept, signs))).product;
    const byRemoved = (await curvature.along(parameters, multiply(removed, signs))).product;
    squares.kept += squaredNorm(multiply(kept, byKept));
    // The two blocks between kept and removed are one another's transpose: each estimates the norm of both.
    squares.cross += (squaredNorm(multiply(removed, byKept)) + squaredNorm(multiply(kept, byRemoved))) / 2;
    squares.removed += squaredNorm(multiply(removed, byRemoved));
    onDraw(draw + 1);
  }
  const normOf = (sum: number): number => Math.sqrt(sum / draws);
  return {
    firstOrder: -dot(gradient, removed),
    secondOrder: sums.removed / 2,
    sums,
    norms: { kept: normOf(squares.kept), cross: normOf(squares.cross), removed: normOf(squares.removed) },
  };
}

/** The same directions for every network of a shape, so that two networks differ by themselves alone. */
function drawSigns(model: Model, draw: number): Numbers {
  const drawn = Object.fromEntries(
    model.prunable.map(({ name, shape }) => {
      const bits = new Uint8Array(shape.reduce((product, extent) => product * extent, 1));
      fillBernoulli({ seed: 0, purpose: `hessian/${name}`, index: draw }, 0.5, bits);
      return [name, bits];
    }),
  );
  return weightsOf(model, (name, index) => 2 * numberAt(drawn, name, index) - 1);
}

function weightsOf(model: Model, entryAt: (name: string, index: number) => number): Numbers {
  return Object.fromEntries(
    model.prunable.map(({ name, shape }) => {
      const length = shape.reduce((product, extent) => product * extent, 1);
      return [name, Float64Array.from({ length }, (_, index) => entryAt(name, index))];
    }),
  );
}

function multiply(a: Numbers, b: Numbers): Numbers {
  return Object.fromEntries(
    Object.entries(a).map(([name, entries]) => [
      name,
      entries.map((entry, index) => entry * numberAt(b, name, index)),
    ]),
  );
}

function dot(a: Direction, b: Numbers): number {
  let sum = 0;
  for (const [name, entries] of Object.entries(b))
    for (const [index, entry] of entries.entries()) sum += entry * numberAt(a, name, index);
  return sum;
}

const squaredNorm = (numbers: Numbers): number => dot(numbers, numbers);

function numberAt(arrays: Readonly<Record<string, ArrayLike<number>>>, name: string, index: number): number {
  return orThrow(arrays[name]?.[index], `there is no number ${index} of "${name}"`);
}
