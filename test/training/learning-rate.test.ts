/** @file The learning rate at single steps, against values worked out by hand. */
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { Progress } from '../../src/settings/training-time.ts';
import { learningRateAt } from '../../src/training/learning-rate.ts';

type ScheduleInput = NonNullable<z.input<typeof runSettingsSchema>['schedule']>;

/** The learning rates at some steps of epochs of 10 steps. */
function ratesAt(schedule: ScheduleInput, steps: readonly number[]): number[] {
  const settings = runSettingsSchema.parse({ schedule: { learningRate: 0.4, epochs: 10, ...schedule } });
  return steps.map((step) => learningRateAt(settings.schedule, new Progress(step, 10)));
}

function expectRates(schedule: ScheduleInput, expected: Readonly<Record<number, number>>): void {
  const actual = ratesAt(schedule, Object.keys(expected).map(Number));
  Object.values(expected).forEach((rate, index) => {
    expect(actual[index], `step ${Object.keys(expected)[index]}`).toBeCloseTo(rate, 12);
  });
}

describe('the learning rate', () => {
  it('stays as it is without a decay', () => {
    expectRates({}, { 0: 0.4, 57: 0.4, 99: 0.4 });
  });

  it('falls by the factor at the step that ends a stretch, not before', () => {
    const decay = { name: 'steps' as const, at: [4, '60it', 7.5], factor: 0.1 };
    expectRates({ decay }, { 0: 0.4, 39: 0.4, 40: 0.04, 59: 0.04, 60: 0.004, 74: 0.004, 75: 0.0004 });
  });

  it('falls as half a cosine from the first step to one past the last', () => {
    // Half of the way: the mean of both ends; a third: 1/2 · (1 + cos 60°) = 3/4 of the way from the end.
    const decay = { name: 'cosine' as const, final: 0.1 };
    expectRates(
      { decay, epochs: 9 },
      { 0: 0.4, 30: 0.1 + 0.75 * 0.3, 45: 0.25, 60: 0.1 + 0.25 * 0.3, 90: 0.1, 200: 0.1 },
    );
  });

  it('rises linearly in the warm-up, in which no step has a rate of zero', () => {
    expectRates({ warmup: '4it' }, { 0: 0.1, 1: 0.2, 2: 0.3, 3: 0.4, 4: 0.4 });
    expectRates({ warmup: 1 }, { 0: 0.04, 4: 0.2, 9: 0.4, 10: 0.4 });
  });

  it('is the product of warm-up and decay where both act', () => {
    const decay = { name: 'steps' as const, at: ['2it'], factor: 0.5 };
    expectRates({ warmup: '4it', decay }, { 1: 0.2, 2: 0.15, 3: 0.2, 4: 0.2 });
  });
});
