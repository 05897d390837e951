/** @file Holds the rows of metrics.csv against what is known of their run. */
import type { RunSpec } from '../config/experiment.ts';
import { formOf } from '../data/load.ts';
import { countValidationImages } from '../data/validation.ts';
import { continuationOf, firstStepOf } from '../methods/continuation.ts';
import { foreseeStepsPerEpoch } from '../training/warnings.ts';
import type { MetricsRow } from './metrics.ts';

/** What is known of a run besides its metrics. */
export interface KnownOfRun {
  readonly isDone: boolean;
  /** Epochs of which there must be a row: those of its checkpoint, or all of a run that is done. */
  readonly epochs: number;
  /** Nothing if config.yaml is missing. */
  readonly spec: RunSpec | undefined;
  /** As the summary says. */
  readonly testImages: number | undefined;
  readonly validationImages: number | undefined;
}

/**
 * The first thing that is wrong with the rows: a row that is missing or out of place, a step that does not fit its epoch, an
 * accuracy that no number of images gives.
 *
 * @returns a clause whose subject is the file; nothing if nothing is wrong
 */
export function findMetricsProblem(
  rows: readonly MetricsRow[],
  { isDone, epochs, spec, testImages, validationImages }: KnownOfRun,
): string | undefined {
  const { firstStep, first, stepsPerEpoch } = findBeginning(rows, spec);
  const wrong = rows.findIndex(({ epoch }, index) => epoch !== first + index);
  if (wrong >= 0) return `has epoch ${rows[wrong]?.epoch} in the place of epoch ${first + wrong}`;
  const expected = epochs - first + 1;
  if (rows.length < expected) return `lacks rows of the ${expected} epochs that are behind the run`;
  if (isDone && rows.length > expected) return `has ${rows.length} epochs, expected ${expected}`;
  const odd = rows.find(({ epoch, step }) => step !== epoch * stepsPerEpoch);
  if (odd !== undefined)
    return `has step ${odd.step} at the end of epoch ${odd.epoch}, expected ${odd.epoch * stepsPerEpoch}`;
  if (spec === undefined) return undefined;
  const tested = testImages ?? countTestImages(spec);
  const held = validationImages ?? countHeldImages(spec);
  const hasValidation = spec.settings.dataset.validation !== undefined;
  for (const { epoch, trainAccuracy, testAccuracy, validationAccuracy } of rows) {
    const steps = Math.min(stepsPerEpoch, epoch * stepsPerEpoch - firstStep);
    const trained = steps * spec.settings.schedule.batchSize;
    if (!isShareOf(trained, trainAccuracy))
      return describeOddShare(epoch, 'training', trainAccuracy, trained);
    if (!isShareOf(tested, testAccuracy)) return describeOddShare(epoch, 'test', testAccuracy, tested ?? 0);
    if ((validationAccuracy !== undefined) !== hasValidation)
      return `${hasValidation ? 'lacks' : 'has'} columns of a validation split, which the run's settings ${hasValidation ? 'have' : 'lack'}`;
    if (validationAccuracy !== undefined && !isShareOf(held, validationAccuracy))
      return describeOddShare(epoch, 'validation', validationAccuracy, held ?? 0);
  }
  const keepsBest = spec.settings.schedule.keep === 'best-validation';
  return keepsBest ? findBestProblem(rows) : undefined;
}

/**
 * The first epoch of a run, which is not 1 if it takes up the training of another, and the steps behind it when it begins. The
 * length of an epoch is that of the first row: where there is none, the manifest of the images tells.
 */
function findBeginning(rows: readonly MetricsRow[], spec: RunSpec | undefined) {
  const [row] = rows;
  if (spec === undefined || continuationOf(spec.settings.regularizer)?.schedule.kind !== 'replay')
    return { firstStep: 0, first: 1, stepsPerEpoch: row?.step ?? 0 };
  const stepsPerEpoch = row === undefined ? (foreseeStepsPerEpoch(spec.settings) ?? 1) : row.step / row.epoch;
  const firstStep = firstStepOf(spec.settings.regularizer, stepsPerEpoch);
  return { firstStep, first: Math.floor(firstStep / stepsPerEpoch) + 1, stepsPerEpoch };
}

function findBestProblem(rows: readonly MetricsRow[]): string | undefined {
  let best: MetricsRow | undefined;
  for (const row of rows) {
    if (best === undefined || (row.validationAccuracy ?? 0) > (best.validationAccuracy ?? 0)) best = row;
    if (row.bestEpoch !== best.epoch)
      return `has ${row.bestEpoch ?? 'no epoch'} as the best epoch in epoch ${row.epoch}, expected ${best.epoch}`;
  }
  return undefined;
}

/** Nothing if that depends on images of the user's own, which may not be at hand. */
function countTestImages({ settings: { dataset } }: RunSpec): number | undefined {
  if (dataset.testImages !== undefined || dataset.path !== undefined) return dataset.testImages;
  return formOf(dataset).testImages;
}

/** Nothing if it is a share of images of the user's own. */
function countHeldImages({ settings: { dataset } }: RunSpec): number | undefined {
  const { validation, trainImages, path } = dataset;
  if (validation === undefined || validation >= 1) return validation;
  if (trainImages === undefined && path !== undefined) return undefined;
  return countValidationImages(validation, trainImages ?? formOf(dataset).trainImages);
}

/** Whether some whole number of images is that share of all of them. */
function isShareOf(count: number | undefined, share: number): boolean {
  if (count === undefined) return true;
  const images = share * count;
  return Math.abs(images - Math.round(images)) < 1e-6;
}

function describeOddShare(epoch: number, split: string, accuracy: number, count: number): string {
  return `has ${split} accuracy ${accuracy} in epoch ${epoch}, which no number of the ${count} ${split} images gives`;
}
