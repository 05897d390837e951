/** @file Settings of targeted dropout. */
import { z } from 'zod';
import { granularity, name, rate } from '../../settings/values.ts';
import { defineMethod, type Label } from '../definition.ts';
import { isPerEntryOfUnits, l1, perEntry, UNITS_EXPECTED } from '../values.ts';
import { warnIfNotSwept } from '../warnings.ts';

const settings = z
  .strictObject({
    name: name('targeted'),
    granularity,
    /** alpha: probability that a candidate is dropped. */
    dropRate: rate.default(0.66),
    /** gamma: share of the lowest-ranked entries that are candidates. */
    targetRate: rate.default(0.75),
    perEntry,
    l1,
  })
  .refine(isPerEntryOfUnits, UNITS_EXPECTED);

export type TargetedSettings = z.output<typeof settings>;

/** How targeted dropout is called in tables, alone or beside an L1 penalty. */
export function labelTargeted<const Name extends string>(
  name: Name,
  {
    dropRate,
    targetRate,
    l1,
    perEntry,
  }: Pick<TargetedSettings, 'dropRate' | 'targetRate' | 'l1' | 'perEntry'>,
): Label<Name | `${Name} + l1`> {
  return {
    column: l1 > 0 ? `${name} + l1` : name,
    numbers: [dropRate, targetRate, ...(l1 > 0 ? [l1] : [])],
    extras: perEntry ? ['per entry'] : [],
  };
}

export const targeted = defineMethod({
  name: 'targeted',
  settings,
  columns: {
    targeted:
      'targeted dropout (α, γ): at each step the smallest share γ of the weights or units, which pruning would remove, is looked up, and each of these is left out with probability α.',
    'targeted + l1': 'targeted dropout (α, γ) with an L1 penalty, whose factor is the third number.',
  },
  label: (settings) => labelTargeted('targeted', settings),
  warnings: ({ targetRate }, planned) => warnIfNotSwept(targetRate, planned),
  // The authors' code removed low weights when it evaluated, and went on dropping in low columns.
  evaluations: ({ granularity }) => ({
    own: ['gamma', 'stochastic'],
    paper: granularity === 'weight' ? 'gamma' : 'stochastic',
  }),
  load: async () => (await import('./regularizer.ts')).createTargeted,
});
