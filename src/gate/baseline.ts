/** @file Baselines: committed sweeps that later ones are compared with. */
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { readSweep, type SweepRow } from '../sweeps/rows.ts';

/** `results/baseline/<experiment>.csv`, wherever other results lie: baselines belong to the checkout. */
export function baselinePath(experiment: string): string {
  return join('results', 'baseline', `${experiment}.csv`);
}

/**
 * Reads the baseline of an experiment.
 *
 * @returns its rows, at least one
 * @throws UserError if there is none, it is malformed, or it is that of another experiment
 */
export function readBaseline(path: string, experiment: string): SweepRow[] {
  const rows = readSweep(path);
  if (rows.length === 0)
    throw new UserError(`${path} is missing or has no rows; "td baseline ${experiment}" writes one`);
  const foreign = rows.find((row) => row.experiment !== experiment);
  if (foreign === undefined) return rows;
  throw new UserError(
    `${path} is a baseline of experiment "${foreign.experiment}", expected one of "${experiment}"`,
  );
}
