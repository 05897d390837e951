/** @file Kinds of settings that several methods have. */
import { z } from 'zod';
import type { Granularity } from '../pruning/types.ts';
import { positive } from '../settings/values.ts';

/** Factor of a penalty. */
export const coefficient = z.number().nonnegative();
/** Number of training images that a penalty over the whole data set is divided by. */
export const dataCount = positive.default(50_000);
/** beta of an L1 penalty (mean |w| of each layer) beside the dropout. */
export const l1 = coefficient.default(0);
/** Unit granularity only: draw the mask per entry inside low-norm columns, as the paper's code does. */
export const perEntry = z.boolean().default(false);

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
