/** @file Counts what a training step drops, in a program of its own, so that training computes the same with and without it. */

import * as tf from '@tensorflow/tfjs';
import { type ArraySpec, type NamedArrays, type NamedSpecs, sizeOf } from '../arrays.ts';
import type { StepFunction } from '../compiler/step.ts';
import type { RunSettings } from '../config/schema.ts';
import { epochOrder } from '../data/batches.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine, Program } from '../engines/types.ts';
import { regularizedLayers } from '../methods/layers.ts';
import type { Regularizer } from '../methods/types.ts';
import type { PrunableWeight } from '../models/types.ts';
import { contextBuilder, mapWeights, required } from './contexts.ts';
import { TrainingFeeds } from './feeds.ts';
import { extraStateName } from './names.ts';
import type { TrainingSetup } from './signature.ts';
import { buildTrainingStep } from './step.ts';
import { planTraining } from './trainer.ts';

export class DropCounter {
  private constructor(
    private readonly program: Program,
    private readonly stateNames: readonly string[],
    private readonly entries: number,
    private readonly feedsOf: (step: number) => NamedArrays,
  ) {}

  /**
   * @returns nothing if the method has no candidates, or the model no prunable weights
   * @throws UserError as `planTraining`
   */
  static async create(
    engine: Engine,
    { settings, seed }: { readonly settings: RunSettings; readonly seed: number },
    dataset: Dataset,
  ): Promise<DropCounter | undefined> {
    const { setup, stepsPerEpoch } = await planTraining(settings, dataset);
    const { prunable } = setup.model;
    if (!setup.regularizer.dropsCandidates || prunable.length === 0) return undefined;
    const compiled = buildTrainingStep(setup);
    const state = pickState(setup, compiled.signature.state);
    const program = await engine.compile(buildDropStep(setup), { state, feeds: compiled.signature.feeds });
    const entries = prunable.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const feeds = new TrainingFeeds(setup, compiled, dataset.train, stepsPerEpoch, seed);
    const { batchSize } = settings.schedule;
    return new DropCounter(program, Object.keys(state), entries, (step) => {
      const order = epochOrder(seed, Math.floor(step / stepsPerEpoch), dataset.train.count);
      return feeds.fill(step, order, (step % stepsPerEpoch) * batchSize);
    });
  }

  /**
   * The share of the entries of all prunable weights that a step uses as zero, 0 to 1.
   *
   * @param state of the training program before the step; more than the parameters may be there
   * @param step steps taken before it
   */
  async count(state: NamedArrays, step: number): Promise<number> {
    const own = this.stateNames.map((name) => [name, state[name]] as const);
    await this.program.writeState(Object.fromEntries(own) as NamedArrays);
    const counts = Object.values(await this.program.run(this.feedsOf(step)));
    return counts.reduce((sum, [count]) => sum + (count ?? Number.NaN), 0) / this.entries;
  }

  dispose(): void {
    this.program.dispose();
  }
}

/** What a forward pass reads of a training's state: all but the optimizer's. */
function pickState({ model, regularizer }: TrainingSetup, state: NamedSpecs): NamedSpecs {
  const extra = model.prunable.flatMap((spec) =>
    Object.keys(regularizer.extraState?.(spec) ?? {}).map((name) => extraStateName(spec.name, name)),
  );
  const names = [...model.parameters.map(({ name }) => name), ...extra];
  return Object.fromEntries(names.map((name) => [name, state[name] as ArraySpec]));
}

/** The forward pass of a training step. Fetches: how many entries of each prunable weight it uses as zero. */
function buildDropStep({ model, regularizer }: TrainingSetup): StepFunction {
  return (state, feeds) => {
    const context = contextBuilder(regularizer, feeds);
    const contexts = mapWeights(model, (spec) => {
      const prepared = regularizer.prepare?.(context(spec, state, {})) ?? {};
      return context(spec, state, prepared);
    });
    const fetches: Record<string, tf.Tensor> = {};
    const watched = watchKernels(regularizer, ({ name }, kernel) => {
      fetches[name] = tf.sum(tf.cast(tf.equal(kernel, 0), 'float32'));
    });
    model.forward(required(feeds, 'images'), regularizedLayers(state, watched, contexts));
    return { state: {}, fetches };
  };
}

/** The method, which shows each kernel that it applies. */
function watchKernels(
  { name, effectiveWeight, linear }: Regularizer,
  onKernel: (spec: PrunableWeight, kernel: tf.Tensor) => void,
): Regularizer {
  return {
    name,
    linear(context, x, apply) {
      const applyWatched = (input: tf.Tensor, kernel: tf.Tensor): tf.Tensor => {
        onKernel(context.spec, kernel);
        return apply(input, kernel);
      };
      if (linear !== undefined) return linear(context, x, applyWatched);
      return applyWatched(x, effectiveWeight?.(context) ?? context.weight);
    },
  };
}
