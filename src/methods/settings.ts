/** @file The settings of each method. Defaults are the paper's definition; what its code does otherwise is a setting. */
import { z } from 'zod';
import { granularity, name, point, positive, rate } from '../settings/values.ts';

type Granularity = z.output<typeof granularity>;

const coefficient = z.number().nonnegative();
/** Number of training images that a penalty over the whole data set is divided by. */
const dataCount = positive.default(50_000);
/** beta of an L1 penalty (mean |w| of each layer) beside the dropout. */
const l1 = coefficient.default(0);
/** Unit granularity only: draw the mask per entry inside low-norm columns, as the paper's code does. */
const perEntry = z.boolean().default(false);

const needsUnits = ({ granularity, perEntry }: { granularity: Granularity; perEntry: boolean }): boolean =>
  granularity === 'unit' || !perEntry;
const unitsExpected = {
  path: ['perEntry'],
  error: 'expected false, since entries are drawn in columns only at granularity "unit"',
};

/** Fills in a number whose default depends on the granularity. */
function defaultTo<K extends string>(key: K, defaults: Readonly<Record<Granularity, number>>) {
  return <T extends { granularity: Granularity } & { [key in K]?: number | undefined }>(settings: T) =>
    ({
      ...settings,
      [key]: settings[key] ?? defaults[settings.granularity],
    }) as Omit<T, K> & Record<K, number>;
}

const targeted = z
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
  .refine(needsUnits, unitsExpected);

const ramping = z
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
  .refine(needsUnits, unitsExpected)
  .transform(defaultTo('targetRate', { weight: 0.99, unit: 0.9 }));

const variational = z
  .strictObject({
    name: name('variational'),
    /** `unit`: one variance for all weights of a column. */
    granularity: granularity.default('weight'),
    /** Factor of the divided KL term. */
    klScale: coefficient.default(0.01),
    dataCount,
    /** Steps over which the KL factor rises linearly from 0. */
    warmupSteps: z.int().nonnegative().default(50_000),
    initialLogVariance: z.number().default(-10),
    /** Weights or columns with log alpha at or above this are zero in evaluation. */
    threshold: z.number().default(3),
    /** Unit granularity only: zero entry by entry in evaluation and rank units by norm, as the paper's code does. */
    perEntry,
  })
  .refine(needsUnits, {
    ...unitsExpected,
    error: 'expected false, since weights have a variance each except at granularity "unit"',
  });

const l0 = z
  .strictObject({
    name: name('l0'),
    granularity,
    /** lambda: cost of an open gate, times its weights; by default 0.1 for weights, 0.01 for units. */
    coefficient: coefficient.optional(),
    dataCount,
    /** Share of gates that are closed at the start, as log-odds. */
    initialDropRate: rate.gt(0).lt(1).default(0.001),
  })
  .transform(defaultTo('coefficient', { weight: 0.1, unit: 0.01 }));

const smallify = z
  .strictObject({
    name: name('smallify'),
    granularity,
    /** lambda: cost of a switch's magnitude; by default 1e-5 for weights, 1e-4 for units. */
    coefficient: coefficient.optional(),
    /** Share of the averages of a switch's sign that each step keeps. */
    decay: rate.lt(1).default(0.9),
    /** Variance of its sign at which a switch is off for good. */
    threshold: positive.default(0.5),
  })
  .transform(defaultTo('coefficient', { weight: 1e-5, unit: 1e-4 }));

export const regularizer = z.discriminatedUnion('name', [
  z.strictObject({ name: name('none') }),
  z.strictObject({ name: name('dropout'), granularity, dropRate: rate.lt(1).default(0.5) }),
  targeted,
  ramping,
  z.strictObject({
    name: name('targeted-ard'),
    /** Probability that a candidate is dropped. */
    dropRate: rate.default(0.25),
    /** Share of the layer's inputs whose weights are candidates. */
    targetRate: rate.default(0.5),
    /** Draw each weight of a candidate input by itself; false drops the input as a whole. */
    perEntry: z.boolean().default(true),
  }),
  z.strictObject({
    name: name('delayed-prune'),
    granularity,
    /** Share of the lowest-ranked entries or columns that are zero from `delay` on. */
    targetRate: rate.default(0.5),
    delay: point.default('5000it'),
  }),
  z.strictObject({
    name: name('random-prune'),
    granularity,
    /** Share of the entries of each column, or of the columns, that the mask removes. */
    targetRate: rate.default(0.5),
    /** Probability that what the mask removes is zero at a step of training; the paper's code drops, the text prunes. */
    dropRate: rate.default(1),
  }),
  z.strictObject({
    name: name('l1'),
    /** beta */
    coefficient: coefficient.default(0.1),
    /** `mean`: mean |w| of each layer (the paper's code); `sum`: the plain norm (the paper's text). */
    reduction: z.enum(['mean', 'sum']).default('mean'),
  }),
  l0,
  variational,
  smallify,
]);
