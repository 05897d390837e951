/** @file What a training at the paper's scale computes: arithmetic, kernels, steps. */
import { sizeOf } from '../../src/arrays.ts';
import { recordStep } from '../../src/compiler/trace-step.ts';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { blankDataset } from '../../src/data/load.ts';
import { loadTfjs } from '../../src/engines/load-tfjs.ts';
import { optimizeForTensorflow } from '../../src/engines/tensorflow/passes/optimize.ts';
import type { Model } from '../../src/models/types.ts';

export interface Work {
  /** Multiplications and additions of the prunable layers for one image, forward. */
  readonly flopsPerImage: number;
  /** Multiplications and additions of a training step, in the prunable layers. */
  readonly flopsPerStep: number;
  /** Operations of TensorFlow's graph that compute. */
  readonly kernelsPerStep: number;
  readonly steps: number;
  /** Images that are evaluated after each epoch. */
  readonly testImages: number;
}

/** A step goes forward, and back twice: to the layer's input and to its kernel. */
const PASSES = 3;

/** @param file an experiment; its first run counts */
export async function describeWork(file: string): Promise<Work> {
  await loadTfjs();
  const { prepareTraining } = await import('../../src/training/setup.ts');
  const [run] = expandRuns(loadExperiment(file));
  if (run === undefined) throw new Error(`${file} describes no run`);
  const dataset = blankDataset(run.settings.dataset);
  const training = await prepareTraining(run, dataset);
  const { step, signature, model, stepsPerEpoch } = training;
  const { operations } = optimizeForTensorflow(recordStep(step, signature));
  const { batchSize, epochs } = run.settings.schedule;
  const flopsPerImage = 2 * multiplyAdds(model);
  return {
    flopsPerImage,
    flopsPerStep: PASSES * flopsPerImage * batchSize,
    kernelsPerStep: operations.filter(({ op }) => op !== 'Constant' && op !== 'Reshape').length,
    steps: epochs * stepsPerEpoch,
    testImages: dataset.test.count,
  };
}

/** Of one image, forward. The first convolution and the logits are left out: less than a hundredth. */
export function multiplyAdds({ prunable }: Model): number {
  return prunable.reduce(
    (sum, { shape, outputShape }) => sum + sizeOf(shape) * sizeOf(outputShape.slice(0, -1)),
    0,
  );
}
