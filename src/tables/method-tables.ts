/** @file The method tables of a swept experiment, one for each granularity that is asked for. */
import type { SweepSettings } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import type { Granularity } from '../pruning/types.ts';
import { buildMethodTable, type MethodTable } from './method-table.ts';
import { findMissing } from './missing-runs.ts';
import { readPublished } from './paper/published.ts';
import { findKnownRuns, type SweptExperiment } from './swept-experiment.ts';

/** What of an experiment is to be tabulated. */
export interface TableChoice {
  /** All that was swept if absent. */
  readonly granularity?: SweepSettings['granularity'] | undefined;
  /** Whether the published numbers stand beside ours. */
  readonly paper?: boolean | undefined;
}

/** @throws UserError if the experiment has no rows of the granularity that is asked for */
export function buildMethodTables(
  swept: SweptExperiment,
  { granularity: asked, paper = false }: TableChoice,
): MethodTable[] {
  const known = findKnownRuns(swept);
  const published = paper ? readPublished() : undefined;
  return granularitiesOf(swept, asked).map((granularity) =>
    buildMethodTable({
      ...swept,
      ...(known.settings !== undefined && { settings: known.settings }),
      granularity,
      missing: findMissing(swept.rows, granularity, known),
      published,
    }),
  );
}

function granularitiesOf(swept: SweptExperiment, asked: TableChoice['granularity']): Granularity[] {
  const choices: readonly Granularity[] =
    asked === undefined || asked === 'both' ? ['weight', 'unit'] : [asked];
  const present = choices.filter((choice) => swept.rows.some(({ granularity }) => granularity === choice));
  if (present.length > 0) return present;
  throw new UserError(
    `experiment "${swept.experiment}" was not swept at granularity "${asked}"; sweep with: td sweep --granularity ${asked}`,
  );
}
