/** @file Flags of the criterion by which weights are ranked: apart from the others, since few commands have them. */
import { Option } from 'commander';
import { UserError } from '../errors.ts';
import { type Criterion, DEFAULT_CRITERION_IMAGES, parseCriterion } from '../pruning/criteria/criterion.ts';
import { criteria } from '../pruning/criteria/registry.ts';
import type { Budget } from '../pruning/criteria/types.ts';
import { countOption, parseChoice } from './options.ts';

export function criterionOption(): Option {
  const names = [...criteria.names, 'nm:N:M'].join(', ');
  return new Option('--criterion <name>', `what ranks: ${names} (default: magnitude)`);
}

export function budgetOption(): Option {
  const choices = ['layer', 'global'];
  const description = "a share of each layer, or of all together (default: the criterion's)";
  return new Option('--budget <what>', description).argParser((text) =>
    parseChoice(text, choices, '--budget'),
  );
}

export function keepOption(): Option {
  return new Option('--keep-at-least <share>', 'share of each layer that always stays').argParser((text) => {
    if (/^0?\.\d{1,12}$/.test(text) && Number(text) > 0) return Number(text);
    throw new UserError(`--keep-at-least is "${text}", expected a share between 0 and 1, such as 0.05`);
  });
}

export function imagesOption(): Option {
  const description = `training images that a criterion looks at (default: ${DEFAULT_CRITERION_IMAGES})`;
  return countOption('--criterion-images <n>', description);
}

/** The flags of a criterion, for a command that has them all. */
export function criterionOptions(): Option[] {
  return [criterionOption(), budgetOption(), keepOption(), imagesOption()];
}

/** Flags of a criterion, those that were given. */
export interface CriterionFlags {
  readonly criterion?: string | undefined;
  readonly budget?: Budget | undefined;
  readonly keepAtLeast?: number | undefined;
  readonly criterionImages?: number | undefined;
}

/**
 * The criterion that flags ask for; nothing for the paper's.
 *
 * @throws UserError if there is none of that name
 */
export function readCriterion({
  criterion: name = 'magnitude',
  budget,
  keepAtLeast,
  criterionImages: images,
}: CriterionFlags): Criterion | undefined {
  return parseCriterion({
    name,
    ...(budget === undefined ? {} : { budget }),
    ...(keepAtLeast === undefined ? {} : { keepAtLeast }),
    ...(images === undefined ? {} : { images }),
  });
}
