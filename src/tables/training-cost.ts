/** @file What the training of a column cost: its own, and that of the runs that it goes on from. */
import type { RunSettings } from '../config/schema.ts';
import { continuationOf } from '../methods/continuation.ts';
import { Epochs, parseLength } from '../settings/training-time.ts';
import { foreseeStepsPerEpoch } from '../training/warnings.ts';

export interface TrainingCost {
  /** Epochs that the run itself trains. */
  readonly epochs: number;
  /** Epochs that went before, of the runs that it goes on from; 0 for a run that begins anew. */
  readonly parentEpochs: number;
  /** Steps of both together; absent where the length of an epoch is not known without the images. */
  readonly steps?: number;
}

/**
 * @param known settings by the first 8 digits of their hash
 * @returns nothing if a run that it goes on from is not known, or the length of its epochs is not
 */
export function costOf(
  settings: RunSettings,
  known: ReadonlyMap<string, RunSettings>,
): TrainingCost | undefined {
  const epochs = countOwnEpochs(settings);
  if (epochs === undefined) return undefined;
  const stepsPerEpoch = foreseeStepsPerEpoch(settings);
  const ownSteps = stepsPerEpoch === undefined ? undefined : Math.round(epochs * stepsPerEpoch);
  const continuation = continuationOf(settings.regularizer);
  if (continuation === undefined)
    return { epochs, parentEpochs: 0, ...(ownSteps !== undefined && { steps: ownSteps }) };
  const parent = known.get(continuation.parent?.slice(0, 8) ?? '');
  const before = parent && costOf(parent, known);
  if (before === undefined) return undefined;
  const steps = ownSteps === undefined || before.steps === undefined ? undefined : ownSteps + before.steps;
  return {
    epochs,
    parentEpochs: before.parentEpochs + before.epochs,
    ...(steps !== undefined && { steps }),
  };
}

/** Without those that it takes over from another run's training. */
function countOwnEpochs(settings: RunSettings): number | undefined {
  const { epochs } = settings.schedule;
  const schedule = continuationOf(settings.regularizer)?.schedule;
  if (schedule?.kind !== 'replay') return epochs;
  const to = parseLength(schedule.to);
  if (to instanceof Epochs) return epochs - to.count;
  const stepsPerEpoch = foreseeStepsPerEpoch(settings);
  return stepsPerEpoch === undefined ? undefined : epochs - to.count / stepsPerEpoch;
}

/** `14 + 10 = 24 epochs`, of a run whose parent was trained for 14. */
export function formatEpochs(cost: TrainingCost | undefined): string {
  if (cost === undefined) return 'an unknown number of epochs';
  const { epochs, parentEpochs } = cost;
  const sum = parentEpochs === 0 ? '' : `${round(parentEpochs)} + ${round(epochs)} = `;
  return `${sum}${round(parentEpochs + epochs)} epochs`;
}

/** Whether a comparison of these columns has to say how long each was trained. */
export function haveUnequalCosts(costs: readonly (TrainingCost | undefined)[]): boolean {
  return new Set(costs.map(formatEpochs)).size > 1;
}

function round(epochs: number): string {
  return String(Math.round(100 * epochs) / 100);
}
