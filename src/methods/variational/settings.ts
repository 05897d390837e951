/** @file Settings of sparse variational dropout. */
import { z } from 'zod';
import { granularity, name } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { coefficient, dataCount, isPerEntryOfUnits, perEntry, UNITS_EXPECTED } from '../values.ts';
import { warnIfLonger } from '../warnings.ts';

/** The paper's factor of the KL term. */
const PAPER_KL_SCALE = 0.01;

const settings = z
  .strictObject({
    name: name('variational'),
    /** `unit`: one variance for all weights of a column. */
    granularity: granularity.default('weight'),
    /** Factor of the divided KL term. */
    klScale: coefficient.default(PAPER_KL_SCALE),
    dataCount,
    /** Steps over which the KL factor rises linearly from 0. */
    warmupSteps: z.int().nonnegative().default(50_000),
    initialLogVariance: z.number().default(-10),
    /** Weights or columns with log alpha at or above this are zero in evaluation. */
    threshold: z.number().default(3),
    /** Unit granularity only: zero entry by entry in evaluation and rank units by norm, as the paper's code does. */
    perEntry,
  })
  .refine(isPerEntryOfUnits, {
    ...UNITS_EXPECTED,
    error: 'expected false, since weights have a variance each except at granularity "unit"',
  });

export type VariationalSettings = z.output<typeof settings>;

export const variational = defineMethod({
  name: 'variational',
  settings,
  columns: {
    variational:
      'sparse variational dropout: each weight learns how much noise it bears; those that bear most are pruned first.',
  },
  label: ({ klScale, perEntry }) => ({
    extras: [...(klScale === PAPER_KL_SCALE ? [] : [`KL × ${klScale}`]), ...(perEntry ? ['per entry'] : [])],
  }),
  published: { isTuned: true },
  warnings: ({ warmupSteps }, planned) =>
    warnIfLonger('warmupSteps', [`${warmupSteps}it`], planned, 'the KL term does not reach its full factor'),
  evaluations: () => ({ own: ['stochastic'] }),
  load: async () => (await import('./regularizer.ts')).createVariational,
});
