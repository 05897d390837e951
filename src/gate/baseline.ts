/** @file Baselines: committed sweeps that later ones are compared with. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { groupBy } from '../maps.ts';
import { DEFAULT_RESULTS, describeCommand } from '../next-command.ts';
import { readSweep } from '../sweeps/read-sweep.ts';
import { describeTerms, type SweepRow } from '../sweeps/rows.ts';

/** `results/baseline/<experiment>.csv`, wherever other results lie: baselines belong to the checkout. */
export function baselinePath(experiment: string): string {
  return join('results', 'baseline', `${experiment}.csv`);
}

/**
 * Reads the baseline of an experiment.
 *
 * @param results the folder that its command was given
 * @returns its rows, at least one
 * @throws UserError if there is none, it is malformed, or it is that of another experiment
 */
export function readBaseline(path: string, experiment: string, results = DEFAULT_RESULTS): SweepRow[] {
  const rows = readSweep(path);
  const place = path === baselinePath(experiment) ? [] : ['--out', path];
  if (rows.length === 0)
    throw new UserError(
      `${path} is missing or has no rows; "${describeCommand('baseline', [experiment, ...place], results)}" writes one`,
    );
  const foreign = rows.find((row) => row.experiment !== experiment);
  if (foreign === undefined) return rows;
  throw new UserError(
    `${path} is a baseline of experiment "${foreign.experiment}", expected one of "${experiment}"`,
  );
}

/**
 * Refuses to write one evaluation over a file in which a variant has several, as where its tables are made of it.
 *
 * @throws UserError if there is such a file
 */
export function requireOneEvaluation(path: string): void {
  // A device or a pipe has nothing to lose.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
  for (const [variant, rows] of groupBy(readSweep(path), (row) => row.variant)) {
    const held = [...new Set(rows.map(describeTerms))];
    if (held.length > 1)
      throw new UserError(
        `${path} holds several evaluations of "${variant}" (${held.join('; ')}), of which one would be left; write elsewhere with --out, or remove it first`,
      );
  }
}
