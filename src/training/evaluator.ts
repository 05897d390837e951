/** @file Accuracy and loss of given parameters on the images of a split. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { type ArraySpec, type NamedArrays, sizeOf } from '../arrays.ts';
import type { Signature, StepFunction } from '../compiler/step.ts';
import { countEvaluationBatches, fillEvaluationBatch } from '../data/batches.ts';
import type { Split } from '../data/types.ts';
import type { Engine, Program } from '../engines/types.ts';
import { plainLayers } from '../models/layers.ts';
import type { Model } from '../models/types.ts';
import { required } from './contexts.ts';
import { crossEntropy, isCorrect, toOneHot } from './loss.ts';

export interface Evaluation {
  /** Share of right answers, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
  /** Number of images. */
  readonly count: number;
}

/** Images in one run of the evaluation program, unless the split is smaller. */
export const EVALUATION_BATCH = 500;

/** One compiled forward pass; parameters are its state, so any number of prunings run on the same program. */
export class Evaluator {
  private constructor(
    private readonly program: Program,
    private readonly model: Model,
    private readonly split: Split,
    private readonly batchSize: number,
  ) {}

  static async create(
    engine: Engine,
    model: Model,
    split: Split,
    batchSize = EVALUATION_BATCH,
  ): Promise<Evaluator> {
    const images = Math.min(batchSize, split.count);
    const { step, signature } = buildEvaluationStep(model, images);
    return new Evaluator(await engine.compile(step, signature), model, split, images);
  }

  /**
   * @param parameters of the model; other entries are ignored
   * @param source a program of the same engine whose state holds them, too: on a device they are copied from there
   * @throws the signal's reason if it is aborted before the last batch
   */
  async evaluate(parameters: NamedArrays, signal?: AbortSignal, source?: Program): Promise<Evaluation> {
    const names = this.model.parameters.map(({ name }) => name);
    if (source !== undefined && this.program.copyState !== undefined)
      await this.program.copyState(source, names);
    else
      await this.program.writeState(
        Object.fromEntries(names.map((name) => [name, parameters[name]])) as NamedArrays,
      );
    const feeds = {
      images: new Float32Array(this.batchSize * sizeOf(this.model.inputShape)),
      labels: new Int32Array(this.batchSize),
      valid: new Float32Array(this.batchSize),
    };
    let loss = 0;
    let correct = 0;
    for (let batch = 0; batch < countEvaluationBatches(this.split.count, this.batchSize); batch++) {
      fillEvaluationBatch(this.split, batch * this.batchSize, feeds.images, feeds.labels, feeds.valid);
      const sums = await this.program.run(feeds);
      await nextTurn();
      signal?.throwIfAborted();
      loss += sums.loss?.[0] ?? Number.NaN;
      correct += sums.correct?.[0] ?? Number.NaN;
    }
    return { accuracy: correct / this.split.count, loss: loss / this.split.count, count: this.split.count };
  }

  dispose(): void {
    this.program.dispose();
  }
}

/**
 * The forward pass as a step. Feeds: `images`, `labels`, `valid` (1 for images that count). Fetches: sums over the
 * images that count of `loss` (nats) and `correct`.
 */
export function buildEvaluationStep(
  model: Model,
  batchSize: number,
): { step: StepFunction; signature: Signature } {
  const step: StepFunction = (state, feeds) => {
    const [labels, valid] = [required(feeds, 'labels'), required(feeds, 'valid')];
    const logits = model.forward(required(feeds, 'images'), plainLayers(state, false));
    const losses = crossEntropy(logits, toOneHot(labels, model.classes));
    return {
      state: {},
      fetches: {
        loss: tf.sum(tf.mul(losses, valid)),
        correct: tf.sum(tf.mul(isCorrect(logits, labels), valid)),
      },
    };
  };
  const float = (shape: readonly number[]): ArraySpec => ({ shape, dtype: 'float32' });
  const signature: Signature = {
    state: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, float(shape)])),
    feeds: {
      images: float([batchSize, ...model.inputShape]),
      labels: { shape: [batchSize], dtype: 'int32' },
      valid: float([batchSize]),
    },
  };
  return { step, signature };
}
