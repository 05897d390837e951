/** @file Accuracy and loss of given parameters on the images of a split. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { type ArraySpec, createArrays, type NamedArrays, type NamedSpecs } from '../arrays.ts';
import type { NamedTensors, Signature, StepFunction } from '../compiler/step.ts';
import { countEvaluationBatches, fillEvaluationBatch } from '../data/batches.ts';
import type { Split } from '../data/types.ts';
import type { Engine, Program } from '../engines/types.ts';
import { plainLayers } from '../models/layers.ts';
import type { Layers, Model } from '../models/types.ts';
import { required } from './contexts.ts';
import { crossEntropy, isCorrect, toOneHot } from './loss.ts';

/** What a network does on the images of a split. */
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
    const feeds = createArrays(imageFeeds(this.model, this.batchSize));
    return scoreSplit(this.program, this.split, feeds, signal);
  }

  dispose(): void {
    this.program.dispose();
  }
}

/**
 * Runs a program of the feeds and fetches of `buildEvaluationStep` over all images of a split.
 *
 * @param feeds of the program; images, labels and validity are written, batch after batch
 * @param prepare called with the number of each batch, for what else it is fed
 * @throws the signal's reason if it is aborted before the last batch
 */
export async function scoreSplit(
  program: Program,
  split: Split,
  feeds: NamedArrays,
  signal?: AbortSignal,
  prepare?: (batch: number) => void,
): Promise<Evaluation> {
  const [images, labels, valid] = [feeds.images, feeds.labels, feeds.valid] as [
    Float32Array,
    Int32Array,
    Float32Array,
  ];
  let loss = 0;
  let correct = 0;
  for (let batch = 0; batch < countEvaluationBatches(split.count, labels.length); batch++) {
    fillEvaluationBatch(split, batch * labels.length, images, labels, valid);
    prepare?.(batch);
    const sums = await program.run(feeds);
    await nextTurn();
    signal?.throwIfAborted();
    loss += sums.loss?.[0] ?? Number.NaN;
    correct += sums.correct?.[0] ?? Number.NaN;
  }
  return { accuracy: correct / split.count, loss: loss / split.count, count: split.count };
}

/** What every evaluation is fed: images, labels, and 1 for each image that counts. */
export function imageFeeds(model: Model, batchSize: number): NamedSpecs {
  return {
    images: { shape: [batchSize, ...model.inputShape], dtype: 'float32' },
    labels: { shape: [batchSize], dtype: 'int32' },
    valid: { shape: [batchSize], dtype: 'float32' },
  };
}

/** Sums over the images that count, of a pass through these layers. */
export function sumScores(
  model: Model,
  feeds: NamedTensors,
  layers: Layers,
): { loss: tf.Tensor; correct: tf.Tensor } {
  const [labels, valid] = [required(feeds, 'labels'), required(feeds, 'valid')];
  const logits = model.forward(required(feeds, 'images'), layers);
  const losses = crossEntropy(logits, toOneHot(labels, model.classes));
  return {
    loss: tf.sum(tf.mul(losses, valid)),
    correct: tf.sum(tf.mul(isCorrect(logits, labels), valid)),
  };
}

/**
 * The forward pass as a step. Feeds: `images`, `labels`, `valid` (1 for images that count). Fetches: sums over the
 * images that count of `loss` (nats) and `correct`.
 */
export function buildEvaluationStep(
  model: Model,
  batchSize: number,
): { step: StepFunction; signature: Signature } {
  const step: StepFunction = (state, feeds) => ({
    state: {},
    fetches: sumScores(model, feeds, plainLayers(state, false)),
  });
  const float = (shape: readonly number[]): ArraySpec => ({ shape, dtype: 'float32' });
  const signature: Signature = {
    state: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, float(shape)])),
    feeds: imageFeeds(model, batchSize),
  };
  return { step, signature };
}
