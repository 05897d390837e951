/** @file Targeted dropout and pruning as functions on a tensor. */
import * as tf from '@tensorflow/tfjs';
import { dropCandidates, findLowest, withoutGradient } from '../methods/masks.ts';
import type { Granularity } from '../pruning/types.ts';
import { fillBernoulli } from '../random/streams.ts';
import {
  requireCount,
  requireGranularity,
  requireNames,
  requireRate,
  requireText,
  requireWeight,
} from './checks.ts';

/** Which random numbers are drawn. Equal values give equal masks on every machine and in every browser. */
export interface Drawn {
  /** An integer from 0; 0 if absent. */
  readonly seed?: number;
  /** Of training, an integer from 0; 0 if absent. Each step has a mask of its own. */
  readonly step?: number;
  /** Tells the weights of a network apart: each name has masks of its own. `weight` if absent. */
  readonly name?: string;
}

/** How a weight is dropped, and which random numbers say so. */
export interface TargetedDropoutOptions extends Drawn {
  /** `weight` (the default) drops single entries, `unit` whole columns: the units or filters of a layer. */
  readonly granularity?: Granularity;
  /** α, the probability that a candidate is dropped: 0 to 1, 0.66 if absent. */
  readonly dropRate?: number;
  /** γ, the share that are candidates: 0 to 1, 0.75 if absent. */
  readonly targetRate?: number;
}

/** What is removed of a weight. */
export interface TargetedPruneOptions {
  /** `weight` (the default) removes single entries, `unit` whole columns. */
  readonly granularity?: Granularity;
  /** Share that is removed, 0 to 1. */
  readonly rate: number;
}

/** Of the paper's tables: the values that its targeted dropout is trained with. */
const DEFAULTS = { granularity: 'weight', dropRate: 0.66, targetRate: 0.75, seed: 0 } as const;

const DRAWN = ['seed', 'step', 'name'] satisfies (keyof Drawn)[];
const TARGETING = ['granularity', 'dropRate', 'targetRate'] satisfies (keyof TargetedDropoutOptions)[];
/** Names of what says which share of a weight is removed. */
const PRUNING = ['granularity', 'rate'] satisfies (keyof TargetedPruneOptions)[];

/**
 * The weight as targeted dropout uses it in a training step. The candidates are the share γ of the entries with the lowest
 * magnitude in each column (`weight`), or of the columns with the lowest L2 norm (`unit`): those strictly below the value at
 * index floor(γ · n) of the sorted n. Each candidate is set to 0 with probability α; what is kept is not rescaled (sections
 * 3 and 4 of the paper). The choice is a constant with respect to gradients: a kept entry passes its gradient on, a dropped
 * one gets 0.
 *
 * In the paper's symbols, W is the weight as a matrix `[n, columns]` and wₒ a column of it, of norm ‖wₒ‖₂ = √(Σᵢ wᵢₒ²). Of sorted
 * numbers x₍ₖ₎ is the one at index k, from 0; all lie below it if k is their count. C are the candidates:
 *
 * ```text
 * weight  C = { (i, o) : |wᵢₒ| < |wₒ|₍ₖ₎ },  k = ⌊γ · n⌋
 * unit    C = { (i, o) : ‖wₒ‖₂ < ‖w‖₂₍ₖ₎ },  k = ⌊γ · columns⌋
 *
 * mᵢₒ ~ Bernoulli(1 − α) in C, for units one draw a column
 * mᵢₒ = 1 elsewhere
 * result = W ⊙ M
 * ```
 *
 * Without ties the share α · γ is expected to be dropped, as far as γ · n is an integer.
 *
 * @param weight `[…, columns]`, such as a kernel `[inputs, units]` or a filter bank `[height, width, inputs, filters]`
 * @returns a tensor of its shape
 * @throws RangeError if a rate is no number from 0 to 1, the granularity or the name of an option is unknown, seed or step is
 *   no integer from 0, or the weight is no tensor with an axis
 */
export function targetedDropout(weight: tf.Tensor, options: TargetedDropoutOptions = {}): tf.Tensor {
  requireWeight(weight);
  requireNames('targetedDropout', options, [...TARGETING, ...DRAWN]);
  const { granularity, dropRate, targetRate, seed } = completeTargeting(options);
  const { step = 0, name = 'weight' } = options;
  requireCount('step', step);
  requireText('name', name);
  const drop = drawDrops(weight, granularity, dropRate, { seed, step, name });
  return tf.tidy(() => {
    const shape = granularity === 'weight' ? weight.shape : weight.shape.slice(-1);
    const mask = withoutGradient(() =>
      dropCandidates(findLowest(weight, granularity, targetRate), { drop: tf.tensor(drop, shape, 'bool') }),
    );
    return tf.mul(weight, mask);
  });
}

/**
 * The weight with the lowest-ranked share set to 0: in each column the entries of the lowest magnitude (`weight`), or the
 * columns of the lowest L2 norm (`unit`). Those strictly below the value at index floor(rate · n) go, so ties at the
 * threshold stay, rate 0 removes nothing and rate 1 everything. In the symbols of {@link targetedDropout}, with the rate in the
 * place of γ:
 *
 * ```text
 * result = W ⊙ M,  mᵢₒ = 0 in C, 1 elsewhere
 * ```
 *
 * The choice is a constant with respect to gradients: what is kept passes its own on, what is removed gets 0.
 *
 * @param weight `[…, columns]`
 * @returns a new tensor of its shape
 * @throws RangeError if the rate is no number from 0 to 1, the granularity or the name of an option is unknown, or the weight is no
 *   tensor with an axis
 */
export function targetedPrune(weight: tf.Tensor, options: TargetedPruneOptions): tf.Tensor {
  requireWeight(weight);
  const { granularity, rate } = completePruning('targetedPrune', options);
  return tf.tidy(() => {
    const removed = withoutGradient(() => findLowest(weight, granularity, rate));
    return tf.where(removed, tf.zerosLike(weight), weight);
  });
}

/**
 * The values of how a weight is dropped, those that are absent filled in.
 *
 * @throws RangeError if one is out of its range
 */
export function completeTargeting({
  granularity = DEFAULTS.granularity,
  dropRate = DEFAULTS.dropRate,
  targetRate = DEFAULTS.targetRate,
  seed = DEFAULTS.seed,
}: TargetedDropoutOptions): Required<Omit<TargetedDropoutOptions, 'step' | 'name'>> {
  requireGranularity(granularity);
  requireRate('dropRate', dropRate);
  requireRate('targetRate', targetRate);
  requireCount('seed', seed);
  return { granularity, dropRate, targetRate, seed };
}

/**
 * The values of what is removed of a weight, the granularity filled in.
 *
 * @param of the function that was called, for errors
 * @throws RangeError if one is out of its range, or has a name that no option has
 */
export function completePruning(of: string, options: TargetedPruneOptions): Required<TargetedPruneOptions> {
  // Without options it is the rate that is missing.
  const given = options ?? {};
  requireNames(of, given, PRUNING);
  const { granularity = DEFAULTS.granularity, rate } = given;
  requireGranularity(granularity);
  requireRate('rate', rate);
  return { granularity, rate };
}

/** A number for each entry or column: 1 if it is dropped, should it be a candidate. */
function drawDrops(
  { shape }: tf.Tensor,
  granularity: Granularity,
  dropRate: number,
  { seed, step, name }: Required<Drawn>,
): Uint8Array {
  const parts = granularity === 'weight' ? shape : shape.slice(-1);
  const drop = new Uint8Array(parts.reduce((product, extent) => product * extent, 1));
  fillBernoulli({ seed, purpose: `noise/${name}/drop`, index: step }, dropRate, drop);
  return drop;
}
