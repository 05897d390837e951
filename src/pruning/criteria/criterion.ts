/** @file A criterion as a user asks for it: its name, its budget, its floor; and what it keeps of a network. */
import { suggest, UserError } from '../../errors.ts';
import { formatRate } from '../../format.ts';
import { at } from '../../lookup.ts';
import { matrixShape } from '../criteria.ts';
import type { Granularity } from '../types.ts';
import { keepHighest } from './budget.ts';
import { keepInGroups } from './groups.ts';
import { criteria } from './registry.ts';
import type { Budget, CriterionDefinition, RankedWeight } from './types.ts';

/** Entries of each prunable weight that stay, by its name: 1, and 0 for the others. */
export type KeptEntries = ReadonlyMap<string, Uint8Array>;

export interface Criterion {
  /** Tells it from others, in names of files: `taylor`, `magnitude-global-keep-0.05`, `taylor-images-200`, `nm-2-4`. */
  readonly id: string;
  /** As it is asked for on a command line: `--criterion`, `taylor`. */
  readonly flags: readonly string[];
  readonly needs: CriterionDefinition['needs'];
  /** Training images that it looks at, if that is another number than the usual one. */
  readonly images?: number;
  /** The only prune rate that it has, if it fixes one. */
  readonly rate?: number;
  /** @param seed of the run */
  keep(weights: readonly RankedWeight[], granularity: Granularity, rate: number, seed: number): KeptEntries;
}

/** What ranks the entries of weights, or units, for pruning. */
export interface AskedCriterion {
  /** `magnitude`, `global-magnitude`, `taylor`, `snip`, `grasp`, `random`, `nm:2:4`. */
  readonly name: string;
  /** The criterion's own if absent. */
  readonly budget?: Budget;
  /** Share of each layer that stays, at least 0 and below 1; 0 if absent. */
  readonly keepAtLeast?: number;
  /** Training images that it looks at, at least 1; 1000 if absent. */
  readonly images?: number;
}

/** Training images that a criterion looks at where no number is asked for, or as many hundreds as there are. */
export const DEFAULT_CRITERION_IMAGES = 1000;
/** Images whose gradients are summed at once: larger numbers of them are looked at in full batches. */
export const CRITERION_BATCH = 100;

const BUDGETS: readonly string[] = ['layer', 'global'] satisfies Budget[];

/** Most neighbours in a group. */
const MOST_NEIGHBOURS = 64;

/**
 * @returns nothing for what a sweep does by itself: the paper's ranking by magnitude, within each column of weights
 * @throws UserError if there is no such criterion, it has no budget or floor, or looks at no images, or a number is out of its range
 */
export function parseCriterion(asked: AskedCriterion): Criterion | undefined {
  const { name, budget, keepAtLeast } = asked;
  if (keepAtLeast !== undefined && !(keepAtLeast >= 0 && keepAtLeast < 1))
    throw new UserError(`keepAtLeast is ${keepAtLeast}, expected a share of at least 0 and below 1`);
  if (asked.images !== undefined && !(Number.isSafeInteger(asked.images) && asked.images >= 1))
    throw new UserError(`images is ${asked.images}, expected a whole number above 0`);
  if (asked.images !== undefined && asked.images > CRITERION_BATCH && asked.images % CRITERION_BATCH !== 0)
    throw new UserError(
      `a criterion cannot look at ${asked.images} images, expected at most ${CRITERION_BATCH} or whole hundreds, such as ${CRITERION_BATCH * Math.ceil(asked.images / CRITERION_BATCH)}`,
    );
  if (budget !== undefined && !BUDGETS.includes(budget))
    throw new UserError(`budget is "${budget}", expected one of: ${BUDGETS.join(', ')}`);
  const isGroups = name.startsWith('nm');
  if (!isGroups && !criteria.names.includes(name))
    throw new UserError(`unknown criterion "${name}"${suggest(name, [...criteria.names, 'nm:2:4'])}`);
  if (asked.images !== undefined && (isGroups || criteria.get(name).needs === 'weights'))
    throw new UserError(
      `--criterion-images is for criteria that look at the loss, such as taylor; ${name} looks at weights alone`,
    );
  if (isGroups) return parseGroups(name, budget !== undefined || keepAtLeast !== undefined);
  if (name === 'magnitude' && budget === undefined && keepAtLeast === undefined) return undefined;
  const definition = criteria.get(name);
  const floor = keepAtLeast ?? 0;
  const own = budget ?? definition.budget;
  const isUsual = own === definition.budget && name !== 'magnitude';
  const images = asked.images === DEFAULT_CRITERION_IMAGES ? undefined : asked.images;
  const parts = [
    name,
    ...(isUsual ? [] : [own]),
    ...(floor === 0 ? [] : [`keep-${floor}`]),
    ...(images === undefined ? [] : [`images-${images}`]),
  ];
  return {
    id: parts.join('-'),
    flags: [
      '--criterion',
      name,
      ...(budget === undefined ? [] : ['--budget', budget]),
      ...(floor === 0 ? [] : ['--keep-at-least', String(floor)]),
      ...(images === undefined ? [] : ['--criterion-images', String(images)]),
    ],
    needs: definition.needs,
    ...(images === undefined ? {} : { images }),
    keep: (weights, granularity, rate, seed) => {
      const scores = weights.map((weight) => definition.score(weight, granularity, seed));
      const kept = keepHighest(scores, rate, own, floor);
      return new Map(
        weights.map(({ name, shape, weight }, index) => {
          const mask = at(kept, index);
          const { columns } = matrixShape(shape);
          return [
            name,
            granularity === 'weight'
              ? mask
              : Uint8Array.from(weight, (_, entry) => at(mask, entry % columns)),
          ];
        }),
      );
    },
  };
}

/** What a user is told who asks for another rate than the only one that a criterion has. */
export function fixedRateError({ flags }: Pick<Criterion, 'flags'>, rate: number): UserError {
  return new UserError(
    `${flags.join(' ')} prunes ${formatRate(rate)} of weights, expected no --prune and no other --granularity with it`,
  );
}

function parseGroups(name: string, hasBudget: boolean): Criterion {
  const [, first, second] = /^nm:(\d{1,2}):(\d{1,2})$/.exec(name) ?? [];
  const [kept, size] = [Number(first), Number(second)];
  if (!(kept >= 1 && kept < size && size <= MOST_NEIGHBOURS))
    throw new UserError(
      `criterion "${name}" is malformed, expected nm:N:M with N below M, at most ${MOST_NEIGHBOURS}, such as nm:2:4`,
    );
  if (hasBudget)
    throw new UserError(
      `criterion "${name}" keeps ${kept} of every ${size} weights, expected no --budget and no --keep-at-least with it`,
    );
  return {
    id: `nm-${kept}-${size}`,
    flags: ['--criterion', name],
    needs: 'weights',
    rate: (size - kept) / size,
    keep: (weights, granularity, rate) => {
      if (granularity === 'unit') throw new UserError(`criterion "${name}" prunes weights, not units`);
      return new Map(
        weights.map(({ name: own, shape, weight }) => [
          own,
          rate === 0 ? new Uint8Array(weight.length).fill(1) : keepInGroups(weight, shape, kept, size),
        ]),
      );
    },
  };
}
