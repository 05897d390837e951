/** @file Settings of gradual magnitude pruning. */
import { z } from 'zod';
import { parseLength } from '../../settings/training-time.ts';
import { granularity, name, point, rate } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { type PlannedTraining, warnIfKeptEarlier, warnIfNeverReached, warnIfNotSwept } from '../warnings.ts';

/** Whether a point is after another, where both are epochs, or both steps. */
function isAfter(first: number | string, second: number | string): boolean {
  const [a, b] = [first, second].map(parseLength);
  return a !== undefined && b !== undefined && a.constructor === b.constructor && a.count > b.count;
}

const settings = z
  .strictObject({
    name: name('gradual-magnitude'),
    granularity,
    /** s_i: share of each layer that is removed at `begin`. */
    initialRate: rate.default(0),
    /** s_f: share of each layer that is removed from `end` on. */
    targetRate: rate.default(0.9),
    /** t_0: when the first mask is chosen. */
    begin: point.default(1),
    /** t_0 + n Δt: when the last mask is chosen. */
    end: point.default(8),
    /** Δt: how long a mask is kept. */
    every: point.default('100it'),
  })
  .refine(({ initialRate, targetRate }) => initialRate <= targetRate, {
    path: ['initialRate'],
    error: 'expected at most targetRate, to which the share rises',
  })
  .refine(({ begin, end }) => !isAfter(begin, end), {
    path: ['end'],
    error: 'expected no earlier than begin, when the first mask is chosen',
  })
  .refine(({ every }) => every !== 0 && every !== '0it', {
    path: ['every'],
    error: 'expected more than nothing between two masks',
  });

export type GradualMagnitudeSettings = z.output<typeof settings>;

export const gradualMagnitude = defineMethod({
  name: 'gradual-magnitude',
  settings,
  columns: {
    'gradual-magnitude':
      'gradual magnitude pruning: a growing share of the smallest weights or units of each layer, up to the number given, is removed during training.',
  },
  label: ({ initialRate, targetRate }) => ({
    numbers: [targetRate],
    extras: initialRate > 0 ? [`from ${initialRate}`] : [],
  }),
  warnings: ({ begin, end, every, targetRate }, planned) => [
    ...warnIfNeverReached('begin', begin, planned, 'no mask is ever chosen'),
    ...warnOfLastMask({ begin, end, every }, planned),
    ...warnIfKeptEarlier('the last mask is chosen (end)', [end], planned),
    ...warnIfNotSwept(targetRate, planned),
  ],
  load: async () => (await import('./regularizer.ts')).createGradualMagnitude,
});

/** The last mask is chosen where `every` comes to last before `end`, which may be within the training though `end` is not. */
function warnOfLastMask(
  { begin, end, every }: Pick<GradualMagnitudeSettings, 'begin' | 'end' | 'every'>,
  planned: PlannedTraining,
): string[] {
  const [first, until, length] = [begin, end, every].map((point) =>
    parseLength(point).inSteps(planned.stepsPerEpoch),
  ) as [number, number, number];
  const last = first + length * Math.max(0, Math.floor((until - first) / Math.max(1, length)));
  if (last < planned.epochs * planned.stepsPerEpoch) return [];
  return warnIfNeverReached('end', end, planned, 'the masked share does not reach targetRate');
}
