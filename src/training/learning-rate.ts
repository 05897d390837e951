/** @file The learning rate of a step. */
import type { ScheduleSettings } from '../config/schema.ts';
import { Epochs, type Progress, parseLength } from '../settings/training-time.ts';

/** Learning rate of the step that follows: linear warm-up from 0, times the decay. */
export function learningRateAt(schedule: ScheduleSettings, progress: Progress): number {
  const warmupSteps = parseLength(schedule.warmup).inSteps(progress.stepsPerEpoch);
  // No step has a rate of zero: the first one takes its share of the rise, too.
  const rise = progress.step < warmupSteps ? (progress.step + 1) / warmupSteps : 1;
  return rise * decayed(schedule, progress);
}

function decayed({ decay, learningRate, epochs }: ScheduleSettings, progress: Progress): number {
  switch (decay.name) {
    case 'constant':
      return learningRate;
    case 'steps': {
      const passed = decay.at.filter((point) => progress.hasReached(parseLength(point))).length;
      return learningRate * decay.factor ** passed;
    }
    case 'cosine': {
      const share = progress.shareOf(new Epochs(epochs));
      return decay.final + (learningRate - decay.final) * 0.5 * (1 + Math.cos(Math.PI * share));
    }
  }
}
