/** @file The learning rate of a step. */

import type { ScheduleSettings } from '../config/schema.ts';
import { parsePoint, stepsUntil } from '../settings/point.ts';

/**
 * Learning rate of a step: linear warm-up from 0, times the decay.
 *
 * @param step steps taken before this one
 * @param stepsPerEpoch a whole number above 0
 */
export function learningRateAt(schedule: ScheduleSettings, step: number, stepsPerEpoch: number): number {
  const warmupSteps = stepsUntil(parsePoint(schedule.warmup), stepsPerEpoch);
  const rise = step < warmupSteps ? (step + 1) / warmupSteps : 1;
  return rise * decayed(schedule, step, stepsPerEpoch);
}

function decayed(
  { decay, learningRate, epochs }: ScheduleSettings,
  step: number,
  stepsPerEpoch: number,
): number {
  switch (decay.name) {
    case 'constant':
      return learningRate;
    case 'steps': {
      const passed = decay.at.filter((point) => step >= stepsUntil(parsePoint(point), stepsPerEpoch)).length;
      return learningRate * decay.factor ** passed;
    }
    case 'cosine': {
      const share = Math.min(1, step / (epochs * stepsPerEpoch));
      return decay.final + (learningRate - decay.final) * 0.5 * (1 + Math.cos(Math.PI * share));
    }
  }
}
