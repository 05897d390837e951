/** @file Trained networks, layer by layer: what a prune rate removes from them. */
import type { RunSettings } from '../config/schema.ts';
import { formOf } from '../data/load.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import { prunedWeights } from '../methods/pruned-weights.ts';
import { createRegularizer } from '../methods/registry.ts';
import { createModel } from '../models/registry.ts';
import { columnNorms, magnitudes } from '../pruning/criteria.ts';
import type { Granularity } from '../pruning/types.ts';
import { readFinalCheckpoint } from '../runs/final-checkpoint.ts';
import type { FinishedRun } from '../runs/find.ts';

/** One prunable weight. */
export interface PrunedLayer {
  /** `conv2` */
  readonly name: string;
  /** Of what is ranked, before pruning: `|w|` of each entry, or the L2 norm of each column. */
  readonly sizes: Float32Array;
  /** The same after pruning. What pruning removed is zero. */
  readonly prunedSizes: Float32Array;
}

/**
 * Prunes a trained network as a sweep does, and measures the evaluation weights before and after.
 *
 * @param rate share to remove, 0 to 1
 * @throws UserError if the run lacks the checkpoint that its summary names, or it does not fit the settings
 */
export async function pruneLayers(
  run: FinishedRun,
  settings: RunSettings,
  granularity: Granularity,
  rate: number,
): Promise<PrunedLayer[]> {
  const { arrays } = readFinalCheckpoint(run);
  // The summary has the shape of the images. Earlier versions did not write it, and knew published data sets only.
  const { imageShape, classes } = run.summary.data ?? formOf(settings.dataset);
  const model = createModel(settings.model, imageShape, classes);
  const regularizer = await createRegularizer(settings.regularizer);
  const trained = evaluationParameters(model, regularizer, arrays);
  const { parameters } = prunedWeights(model, regularizer, arrays, granularity, rate);
  return model.prunable.map(({ name, shape }) => {
    const measure = (weight: Float32Array) =>
      granularity === 'unit' ? columnNorms(weight, shape) : magnitudes(weight);
    return {
      name: name.replace(/\/kernel$/, ''),
      sizes: measure(trained[name] as Float32Array),
      prunedSizes: measure(parameters[name] as Float32Array),
    };
  });
}
