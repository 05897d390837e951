/** @file Slope and curvature of the loss with respect to the prunable weights, over the images of a split. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { type ArraySpec, type NamedArrays, sizeOf } from '../arrays.ts';
import type { NamedTensors, Signature, StepFunction } from '../compiler/step.ts';
import { countEvaluationBatches, fillEvaluationBatch } from '../data/batches.ts';
import type { Split } from '../data/types.ts';
import type { Engine, Program } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { orThrow } from '../lookup.ts';
import { plainLayers } from '../models/layers.ts';
import type { Model } from '../models/types.ts';
import { required } from './contexts.ts';
import { EVALUATION_BATCH } from './evaluator.ts';
import { toOneHot } from './loss.ts';

/** A number for each entry of each prunable weight. */
export type Direction = Readonly<Record<string, ArrayLike<number>>>;

export interface Derivatives {
  /** ∇E of the mean loss E. */
  readonly gradient: Readonly<Record<string, Float64Array>>;
  /** H v: the exact Hessian of E, no finite difference, times the direction v. */
  readonly product: Readonly<Record<string, Float64Array>>;
}

/** One compiled pass that computes products of the Hessian with directions. */
export class Curvature {
  private constructor(
    private readonly program: Program,
    private readonly model: Model,
    private readonly split: Split,
    private readonly batchSize: number,
  ) {}

  /** @throws UserError if the network has convolutions or batch normalisation, whose second derivatives tfjs may lose */
  static async create(
    engine: Engine,
    model: Model,
    split: Split,
    batchSize = EVALUATION_BATCH,
  ): Promise<Curvature> {
    const isDense = model.prunable.every(({ layer }) => layer === 'dense');
    if (!isDense || model.parameters.some(({ role }) => role === 'average'))
      throw new UserError('the Hessian is computed for networks of dense layers only, such as an mlp');
    const images = Math.min(batchSize, split.count);
    const { step, signature } = buildCurvatureStep(model, images);
    return new Curvature(await engine.compile(step, signature), model, split, images);
  }

  /** @param parameters of the model: where the derivatives are taken */
  async along(parameters: NamedArrays, direction: Direction): Promise<Derivatives> {
    const { program, model, split, batchSize } = this;
    const names = model.parameters.map(({ name }) => name);
    await program.writeState(
      Object.fromEntries(names.map((name) => [name, parameters[name]])) as NamedArrays,
    );
    const feeds = {
      images: new Float32Array(batchSize * sizeOf(model.inputShape)),
      labels: new Int32Array(batchSize),
      valid: new Float32Array(batchSize),
      ...Object.fromEntries(
        model.prunable.map(({ name }) => [
          directionName(name),
          Float32Array.from(entriesOf(direction, name)),
        ]),
      ),
    };
    const zeros = () =>
      Object.fromEntries(model.prunable.map(({ name, shape }) => [name, new Float64Array(sizeOf(shape))]));
    const [gradient, product] = [zeros(), zeros()];
    for (let batch = 0; batch < countEvaluationBatches(split.count, batchSize); batch++) {
      fillEvaluationBatch(split, batch * batchSize, feeds.images, feeds.labels, feeds.valid);
      const sums = await program.run(feeds);
      await nextTurn();
      for (const { name } of model.prunable) {
        addShare(entriesOf(gradient, name), entriesOf(sums, gradientName(name)), split.count);
        addShare(entriesOf(product, name), entriesOf(sums, productName(name)), split.count);
      }
    }
    return { gradient, product };
  }

  dispose(): void {
    this.program.dispose();
  }
}

/**
 * Feeds: `images`, `labels`, `valid` (1 for images that count), a direction for each prunable weight. Fetches: sums over
 * the images that count of the gradient and of the product of Hessian and direction.
 */
function buildCurvatureStep(model: Model, batchSize: number): { step: StepFunction; signature: Signature } {
  const names = model.prunable.map(({ name }) => name);
  const step: StepFunction = (state, feeds) => {
    const weights = names.map((name) => required(state, name));
    const gradientAt = tf.grads((...values: tf.Tensor[]): tf.Scalar => {
      const variables = { ...state, ...named(names, values) };
      const logits = model.forward(required(feeds, 'images'), plainLayers(variables, false));
      const losses = twiceDifferentiableCrossEntropy(
        logits,
        toOneHot(required(feeds, 'labels'), model.classes),
      );
      return tf.sum(tf.mul(losses, required(feeds, 'valid')));
    });
    const slopeAlong = (...values: tf.Tensor[]): tf.Scalar =>
      tf.addN(
        gradientAt(values).map((gradient, index) =>
          tf.sum(tf.mul(gradient, required(feeds, directionName(names[index] as string)))),
        ),
      );
    const fetches: NamedTensors = {
      ...named(names.map(gradientName), gradientAt(weights)),
      ...named(names.map(productName), tf.grads(slopeAlong)(weights)),
    };
    return { state: {}, fetches };
  };
  const float = (shape: readonly number[]): ArraySpec => ({ shape, dtype: 'float32' });
  const signature: Signature = {
    state: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, float(shape)])),
    feeds: {
      images: float([batchSize, ...model.inputShape]),
      labels: { shape: [batchSize], dtype: 'int32' },
      valid: float([batchSize]),
      ...Object.fromEntries(model.prunable.map(({ name, shape }) => [directionName(name), float(shape)])),
    },
  };
  return { step, signature };
}

/**
 * Cross-entropy of each example, as `crossEntropy` has it. tfjs loses second derivatives of operations whose gradient is made
 * of their result (exp, softmax and its logarithm), without a word: here log Σ exp is taken class by class, by
 * log(exp a + exp b) = a + softplus(b − a), whose gradient is made of the operands.
 *
 * @param logits `[batch, classes]`
 * @param oneHot `[batch, classes]`
 * @returns `[batch]`, in nats
 */
function twiceDifferentiableCrossEntropy(logits: tf.Tensor, oneHot: tf.Tensor): tf.Tensor {
  const [batch = 0, classes = 0] = logits.shape;
  const [first, ...others] = Array.from({ length: classes }, (_, index) =>
    tf.reshape(tf.slice(logits, [0, index], [batch, 1]), [batch]),
  );
  const logSum = others.reduce(
    (sum, logit) => tf.add(sum, tf.softplus(tf.sub(logit, sum))),
    orThrow(first, 'a network needs at least one class'),
  );
  return tf.sub(logSum, tf.sum(tf.mul(oneHot, logits), -1));
}

function named(names: readonly string[], tensors: readonly tf.Tensor[]): NamedTensors {
  return Object.fromEntries(names.map((name, index) => [name, tensors[index] as tf.Tensor]));
}

function addShare(sums: Float64Array, added: ArrayLike<number>, count: number): void {
  for (let index = 0; index < sums.length; index++)
    sums[index] = (sums[index] ?? Number.NaN) + (added[index] ?? Number.NaN) / count;
}

/** @throws Error if there is none of this name */
function entriesOf<T>(arrays: Readonly<Record<string, T>>, name: string): T {
  return orThrow(arrays[name], `the Hessian needs numbers of "${name}"`);
}

const directionName = (weight: string): string => `direction/${weight}`;
const gradientName = (weight: string): string => `gradient/${weight}`;
const productName = (weight: string): string => `product/${weight}`;
