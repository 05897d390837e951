/** @file What a training is, before anything of it is compiled. */
import type { RunSettings } from '../config/schema.ts';
import type { Dataset } from '../data/types.ts';
import type { TrainingSetup } from './signature.ts';
import type { TrainingStep } from './step.ts';

/** The settings that a training depends on, whatever its images: of these, which are held out of it. */
export interface TrainingSettings extends Pick<RunSettings, 'model' | 'regularizer' | 'schedule'> {
  readonly dataset: Pick<RunSettings['dataset'], 'validation'>;
}

/** Everything that is settled before a training begins. It holds no arrays but the images. */
export interface Training extends TrainingSetup, TrainingStep {
  readonly settings: TrainingSettings;
  readonly seed: number;
  /** With the validation split held out, if there is one. */
  readonly dataset: Dataset;
  /** At least one. */
  readonly stepsPerEpoch: number;
}
