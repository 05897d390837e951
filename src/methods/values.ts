/** @file Kinds of settings that several methods have. */
import { z } from 'zod';
import type { Granularity } from '../pruning/types.ts';
import { positive, rate } from '../settings/values.ts';

/** Factor of a penalty. */
export const coefficient = z.number().nonnegative();
/** Number of training images that a penalty over the whole data set is divided by. */
export const dataCount = positive.default(50_000);
/** beta of an L1 penalty (mean |w| of each layer) beside the dropout. */
export const l1 = coefficient.default(0);
/** Unit granularity only: draw the mask per entry inside low-norm columns, as the paper's code does. */
export const perEntry = z.boolean().default(false);

/** What the methods have that go on from another run of the experiment, their parent, whose network is pruned first. */
export const parentSettings = {
  /** The parent's variant. */
  from: z.string().min(1).max(100).describe('the name of another variant').default('none'),
  /** Hash of the parent's settings, which td fills in: a run whose parent has other settings is another run. */
  parent: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('a hash of settings, which td fills in')
    .optional(),
  /** Share of the parent's network that is removed before the training begins. */
  pruneRate: rate.lt(1).default(0.9),
};

/** The parent of a run among what sets its method apart; the plain variant goes without saying. */
export function labelParent(from: string): string[] {
  return from === 'none' ? [] : [`from ${from}`];
}

/** For `refine`: `perEntry` means nothing at weight granularity. */
export function isPerEntryOfUnits(settings: { granularity: Granularity; perEntry: boolean }): boolean {
  return settings.granularity === 'unit' || !settings.perEntry;
}

export const UNITS_EXPECTED = {
  path: ['perEntry'],
  error: 'expected false, since entries are drawn in columns only at granularity "unit"',
};

/** For `transform`: fills in a number whose default depends on the granularity. */
export function defaultTo<Key extends string>(key: Key, defaults: Readonly<Record<Granularity, number>>) {
  return <T extends { granularity: Granularity } & { [key in Key]?: number | undefined }>(settings: T) =>
    ({
      ...settings,
      [key]: settings[key] ?? defaults[settings.granularity],
    }) as Omit<T, Key> & Record<Key, number>;
}
