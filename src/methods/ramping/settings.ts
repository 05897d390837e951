/** @file Settings of ramping targeted dropout. */
import { z } from 'zod';
import { granularity, name, point, rate } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { labelTargeted } from '../targeted/settings.ts';
import { defaultTo, isPerEntryOfUnits, l1, perEntry, UNITS_EXPECTED } from '../values.ts';
import { warnIfKeptEarlier, warnIfLonger, warnIfNotSwept } from '../warnings.ts';

const settings = z
  .strictObject({
    name: name('ramping'),
    granularity,
    /** alpha at the end of the ramp. */
    dropRate: rate.default(0.99),
    /** gamma at the end of the ramp; by default 0.99 of weights, 0.9 of units. */
    targetRate: rate.optional(),
    perEntry,
    /**
     * gamma rises linearly to 95 % of its value over `first`, to all of it over `second`; alpha rises over both. The
     * paper's code has "20000it" and "20000it".
     */
    ramp: z.strictObject({ first: point.default(49), second: point.default(49) }).prefault({}),
    l1,
  })
  .refine(isPerEntryOfUnits, UNITS_EXPECTED)
  .transform(defaultTo('targetRate', { weight: 0.99, unit: 0.9 }));

export type RampingSettings = z.output<typeof settings>;

export const ramping = defineMethod({
  name: 'ramping',
  settings,
  columns: {
    'ramping-targeted': 'targeted dropout whose α and γ rise during training to the numbers given.',
    'ramping-targeted + l1':
      'targeted dropout with rising α and γ, and an L1 penalty, whose factor is the third number.',
  },
  label: (settings) => labelTargeted('ramping-targeted', settings),
  published: { isTuned: true, isUnstated: true },
  warnings: ({ ramp, targetRate }, planned) => [
    ...warnIfLonger(
      'the ramp (ramp.first and ramp.second)',
      [ramp.first, ramp.second],
      planned,
      'gamma and alpha end below their values',
    ),
    ...warnIfKeptEarlier(
      'the ramp is at its end (ramp.first and ramp.second)',
      [ramp.first, ramp.second],
      planned,
    ),
    ...warnIfNotSwept(targetRate, planned),
  ],
  evaluations: () => ({ own: ['gamma', 'stochastic'], paper: 'gamma' }),
  load: async () => (await import('./regularizer.ts')).createRamping,
});
