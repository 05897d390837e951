/** @file What a training is, before anything of it is compiled. */
import type { RunSettings, ScheduleSettings } from '../config/schema.ts';
import type { Dataset } from '../data/types.ts';
import type { TrainingSetup } from './signature.ts';
import type { TrainingStep } from './step.ts';

/** The settings that a training depends on, whatever its images: of these, which are held out of it. */
export interface TrainingSettings
  extends Pick<RunSettings, 'model' | 'regularizer' | 'schedule' | 'precision'> {
  readonly dataset: Pick<RunSettings['dataset'], 'validation'>;
}

/** A run as far as its training depends on it. */
export interface TrainedRun {
  readonly settings: TrainingSettings;
  readonly seed: number;
  /** The run that it goes on from, of the same seed and images. */
  readonly parent?: TrainedRun;
}

/** Where a training begins: at step 0, or where it takes up that of the run that it goes on from. */
export interface Beginning {
  /** Steps that count as taken when the first is: learning rates, batches and augmentation are those of the steps behind it. */
  readonly firstStep: number;
  /** At which step the state of the optimizer was zero: Adam corrects for that. */
  readonly optimizerStep: number;
  /** Epochs of earlier runs, whose orders of the images and augmentations do not come again. */
  readonly epochsBefore: number;
  /** Steps of ancestors that are taken again first, to see the weights that they led to. */
  readonly repeatedSteps: number;
  /** With the learning rates that hold. */
  readonly schedule: ScheduleSettings;
}

/** Everything that is settled before a training begins. It holds no arrays but the images. */
export interface Training extends TrainingSetup, TrainingStep {
  readonly settings: TrainingSettings;
  readonly seed: number;
  /** With the validation split held out, if there is one. */
  readonly dataset: Dataset;
  /** At least one. */
  readonly stepsPerEpoch: number;
  readonly beginning: Beginning;
}
