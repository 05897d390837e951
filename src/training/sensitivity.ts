/** @file How the loss of a trained network depends on its prunable weights, over training images: what criteria of pruning look at. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { type ArraySpec, type NamedArrays, sizeOf } from '../arrays.ts';
import type { Signature, StepFunction } from '../compiler/step.ts';
import { epochOrder, fillBatch } from '../data/batches.ts';
import type { Split } from '../data/types.ts';
import type { Engine, Program } from '../engines/types.ts';
import { at, orThrow } from '../lookup.ts';
import { plainLayers } from '../models/layers.ts';
import type { Model } from '../models/types.ts';
import { CRITERION_BATCH } from '../pruning/criteria/criterion.ts';
import type { Sensitivity } from '../pruning/criteria/types.ts';
import { columnSums } from '../pruning/criteria.ts';
import { required } from './contexts.ts';
import { crossEntropy, toOneHot } from './loss.ts';

/**
 * Length of the steps in which the gradient's own change is measured, relative to the weights'. Longer ones cross more kinks of ReLU,
 * shorter ones drown in rounding: 3e-5 and 1e-4 agree with the exact product to 2 %, 1e-3 does not.
 */
const RELATIVE_STEP = 1e-4;

type Gradients = Readonly<Record<string, Float32Array>>;

/** Adds sums of gradients in double precision. */
type Sums = Readonly<Record<string, Float64Array>>;

/** One compiled backward pass through the network as evaluation runs it, with the averages of batch normalisation as they are. */
export class SensitivityMeter {
  private constructor(
    private readonly program: Program,
    private readonly model: Model,
    private readonly batchSize: number,
  ) {}

  /** @param images that will be looked at, at least 1 */
  static async create(engine: Engine, model: Model, images: number): Promise<SensitivityMeter> {
    const batchSize = Math.min(CRITERION_BATCH, images);
    const { step, signature } = buildGradientStep(model, batchSize);
    return new SensitivityMeter(await engine.compile(step, signature), model, batchSize);
  }

  /**
   * Takes full batches of training images, in an order drawn by the seed, as they are: not cropped or flipped.
   *
   * @param parameters of the model: where derivatives are taken
   * @param train whose images alone are looked at
   * @param images of it; what is left beyond the last full batch is not looked at
   * @param withProduct whether products of the Hessian are wanted, from two further passes
   * @throws the signal's reason if it is aborted
   */
  async measure(
    parameters: NamedArrays,
    train: Split,
    images: number,
    seed: number,
    withProduct: boolean,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, Sensitivity>> {
    const { prunable } = this.model;
    const squares = this.zeros();
    const squaredColumns = Object.fromEntries(
      prunable.map(({ name, shape }) => [name, new Float64Array(at(shape, shape.length - 1))]),
    );
    const addSquares = (gradients: Gradients): void => {
      for (const { name, shape } of prunable) {
        const weight = entriesOf(parameters, name) as Float32Array;
        const products = weight.map((entry, index) => entry * at(entriesOf(gradients, name), index));
        addTo(entriesOf(squares, name), products, (product) => product * product);
        addTo(entriesOf(squaredColumns, name), columnSums(products, shape), (sum) => sum * sum);
      }
    };
    const order = { train, images, seed, ...(signal === undefined ? {} : { signal }) };
    const gradient = await this.meanGradient(parameters, order, addSquares);
    const product = withProduct ? await this.productWith(parameters, gradient, order) : undefined;
    const batches = this.countBatches(order);
    return new Map(
      prunable.map(({ name }): [string, Sensitivity] => [
        name,
        {
          gradient: Float32Array.from(entriesOf(gradient, name)),
          squaredEntries: Float32Array.from(entriesOf(squares, name), (sum) => sum / batches),
          squaredColumns: Float32Array.from(entriesOf(squaredColumns, name), (sum) => sum / batches),
          ...(product === undefined ? {} : { product: entriesOf(product, name) }),
        },
      ]),
    );
  }

  dispose(): void {
    this.program.dispose();
  }

  private countBatches({ train, images }: Images): number {
    return Math.max(1, Math.floor(Math.min(images, train.count) / this.batchSize));
  }

  /** H g, from the gradients at a short way along the gradient and against it. */
  private async productWith(parameters: NamedArrays, gradient: Sums, images: Images): Promise<Gradients> {
    const { prunable } = this.model;
    const norm = (arrays: Readonly<Record<string, ArrayLike<number>>>): number =>
      Math.sqrt(prunable.reduce((sum, { name }) => sum + squaredNorm(entriesOf(arrays, name)), 0));
    const length = norm(gradient);
    const step = length === 0 ? 0 : (RELATIVE_STEP * norm(parameters)) / length;
    const moved = (sign: number): NamedArrays => ({
      ...parameters,
      ...Object.fromEntries(
        prunable.map(({ name }) => [
          name,
          (entriesOf(parameters, name) as Float32Array).map(
            (entry, index) => entry + sign * step * at(entriesOf(gradient, name), index),
          ),
        ]),
      ),
    });
    const [ahead, behind] = [
      await this.meanGradient(moved(1), images),
      await this.meanGradient(moved(-1), images),
    ];
    return Object.fromEntries(
      prunable.map(({ name }) => [
        name,
        Float32Array.from(entriesOf(ahead, name), (entry, index) =>
          step === 0 ? 0 : (entry - at(entriesOf(behind, name), index)) / (2 * step),
        ),
      ]),
    );
  }

  /** @param onBatch is given the gradient of each batch's mean loss */
  private async meanGradient(
    parameters: NamedArrays,
    images: Images,
    onBatch?: (gradients: Gradients) => void,
  ): Promise<Sums> {
    const { program, model, batchSize } = this;
    await program.writeState(
      Object.fromEntries(model.parameters.map(({ name }) => [name, entriesOf(parameters, name)])),
    );
    const feeds = {
      images: new Float32Array(batchSize * sizeOf(model.inputShape)),
      labels: new Int32Array(batchSize),
    };
    const plain = withoutAugmentation(images.train);
    const order = epochOrder(images.seed, 0, plain.count);
    const sums = this.zeros();
    const batches = this.countBatches(images);
    for (let batch = 0; batch < batches; batch++) {
      fillBatch(plain, order, batch * batchSize, feeds.images, feeds.labels);
      const gradients = (await program.run(feeds)) as Gradients;
      await nextTurn();
      images.signal?.throwIfAborted();
      for (const { name } of model.prunable)
        addTo(entriesOf(sums, name), entriesOf(gradients, name), (entry) => entry / batches);
      onBatch?.(gradients);
    }
    return sums;
  }

  private zeros(): Sums {
    return Object.fromEntries(
      this.model.prunable.map(({ name, shape }) => [name, new Float64Array(sizeOf(shape))]),
    );
  }
}

interface Images {
  readonly train: Split;
  readonly images: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

function withoutAugmentation({ augmentation: _, ...split }: Split): Split {
  return split;
}

/** Fetches the gradient of the mean cross-entropy of a batch in each prunable weight, under its name. */
function buildGradientStep(model: Model, batchSize: number): { step: StepFunction; signature: Signature } {
  const names = model.prunable.map(({ name }) => name);
  const step: StepFunction = (state, feeds) => {
    const gradientsAt = tf.grads((...weights: tf.Tensor[]): tf.Scalar => {
      const variables = { ...state, ...Object.fromEntries(names.map((name, index) => [name, at(weights, index)])) }; // biome-ignore format: one line
      const logits = model.forward(required(feeds, 'images'), plainLayers(variables, false));
      return tf.mean(crossEntropy(logits, toOneHot(required(feeds, 'labels'), model.classes)));
    });
    const gradients = gradientsAt(names.map((name) => required(state, name)));
    return {
      state: {},
      fetches: Object.fromEntries(names.map((name, index) => [name, at(gradients, index)])),
    };
  };
  const float = (shape: readonly number[]): ArraySpec => ({ shape, dtype: 'float32' });
  const signature: Signature = {
    state: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, float(shape)])),
    feeds: {
      images: float([batchSize, ...model.inputShape]),
      labels: { shape: [batchSize], dtype: 'int32' },
    },
  };
  return { step, signature };
}

function addTo(sums: Float64Array, added: Float32Array, termOf: (entry: number) => number): void {
  for (let index = 0; index < sums.length; index++) sums[index] = at(sums, index) + termOf(at(added, index));
}

function squaredNorm(entries: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < entries.length; index++) sum += at(entries, index) ** 2;
  return sum;
}

/** @throws Error if there is none of this name */
function entriesOf<T>(arrays: Readonly<Record<string, T>>, name: string): T {
  return orThrow(arrays[name], `there are no numbers of "${name}"`);
}
