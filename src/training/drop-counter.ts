/** @file Counts what a training step drops, in a program of its own, so that training computes the same with and without it. */

import * as tf from '@tensorflow/tfjs';
import { type NamedArrays, sizeOf } from '../arrays.ts';
import type { StepFunction } from '../compiler/step.ts';
import type { Engine } from '../engines/types.ts';
import { regularizedLayers } from '../methods/layers.ts';
import type { Regularizer } from '../methods/types.ts';
import type { PrunableWeight } from '../models/types.ts';
import { preparedContexts, required } from './contexts.ts';
import { TrainingProgram } from './program.ts';
import { networkState, type TrainingSetup } from './signature.ts';
import type { Training } from './types.ts';

export class DropCounter {
  private constructor(
    private readonly program: TrainingProgram,
    private readonly stateNames: readonly string[],
    private readonly entries: number,
  ) {}

  /** @returns nothing if the method has no candidates, or the model no prunable weights */
  static async create(engine: Engine, training: Training): Promise<DropCounter | undefined> {
    const { prunable } = training.model;
    if (!training.regularizer.dropsCandidates || prunable.length === 0) return undefined;
    const state = networkState(training.model, training.regularizer);
    const counting = {
      ...training,
      step: buildDropStep(training),
      signature: { state, feeds: training.signature.feeds },
    };
    // Its state is written when something is counted.
    const program = await TrainingProgram.compile(engine, counting, {});
    const entries = prunable.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return new DropCounter(program, Object.keys(state), entries);
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
    const counts = Object.values(await this.program.run(step));
    return counts.reduce((sum, [count]) => sum + (count ?? Number.NaN), 0) / this.entries;
  }

  dispose(): void {
    this.program.dispose();
  }
}

/** The forward pass of a training step. Fetches: how many entries of each prunable weight it uses as zero. */
function buildDropStep({ model, regularizer }: TrainingSetup): StepFunction {
  return (state, feeds) => {
    const contexts = preparedContexts(model, regularizer, state, feeds);
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
