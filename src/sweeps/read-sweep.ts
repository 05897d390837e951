/** @file Reads sweep.csv, and refuses what no sweep would have written. */
import { basename } from 'node:path';
import { UserError, withRemedy } from '../errors.ts';
import { readCsv } from '../files/csv.ts';
import { groupBy } from '../maps.ts';
import {
  DENSE,
  describeTerms,
  isPlain,
  type OlderColumns,
  runIdOf,
  SWEEP_FORMS,
  type SweepRow,
  UNCOUNTED,
} from './rows.ts';

/** Most columns of a table: as many variants as an experiment may have, each with two settings. */
const MOST_SETTINGS = 2000;

/** By how much a count may differ from a whole number: a share of images is the nearest double to it. */
const COUNT_TOLERANCE = 1e-6;

/**
 * @returns the rows of an earlier sweep, none if there is no such file
 * @throws UserError naming file and line if it is malformed or a row is impossible, or the file if more variants are in it than one
 *   could compare or a seed would count twice; with what to do
 */
export function readSweep(path: string): SweepRow[] {
  // What td swept it sweeps again; another file, as a baseline, may be all that there is.
  const isOwn = /^sweep(-.*)?\.csv$/.test(basename(path));
  const rows = withRemedy(
    () => readPossible(path),
    `mend it${isOwn ? ', or remove it to have all rows computed anew' : ''}`,
  );
  refuseRepeated(path, rows);
  return rows;
}

/** The rows of an earlier sweep by the network that they are of, as `checkpointId` names it. @throws as `readSweep` */
export function readByNetwork(path: string): ReadonlyMap<string, readonly SweepRow[]> {
  return groupBy(readSweep(path), ({ runId }) => runId);
}

function readPossible(path: string): SweepRow[] {
  const rows = readCsv<OlderColumns>(path, ...SWEEP_FORMS).map((row) => ({ ...DENSE, ...UNCOUNTED, ...row }));
  const runs = new Set(rows.map(({ runId }) => runId));
  const settings = new Set([...runs].map((runId) => runId.replaceAll(/seed-\d+-|@.*$/g, '')));
  if (settings.size > MOST_SETTINGS) {
    throw new UserError(
      `${path} has runs of ${settings.size} variants and settings, expected at most ${MOST_SETTINGS}`,
    );
  }
  for (const [index, row] of rows.entries()) {
    const fault = findFault(row, rows[0]?.experiment);
    if (fault !== undefined) throw new UserError(`${path}:${index + 2}: ${fault}`);
  }
  return rows;
}

/** What no sweep finds, though each field may stand by itself: a share that is no number of images, more parameters than there are. */
function findFault(row: SweepRow, firstExperiment: string | undefined): string | undefined {
  const { experiment, accuracy, testImages, draws, parametersKept, parametersTotal } = row;
  const correct = accuracy * testImages * Math.max(1, draws);
  if (Math.abs(correct - Math.round(correct)) > COUNT_TOLERANCE)
    return `accuracy ${accuracy}, expected a whole number of the ${testImages} test images`;
  if (parametersKept > parametersTotal)
    return `parameters_kept ${parametersKept}, expected at most the ${parametersTotal} of parameters_total`;
  if (experiment !== firstExperiment)
    return `experiment "${experiment}", expected "${firstExperiment}" as in the first row`;
  return undefined;
}

/** Two rows of one run, as in two tables that were joined, would pass for two seeds. */
function refuseRepeated(path: string, rows: readonly SweepRow[]): void {
  const seen = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const { variant, seed, granularity, pruneRate } = row;
    const { evaluation, recalibrated } = row;
    const key = `${variant} ${seed} ${runIdOf(row)} ${granularity} ${pruneRate} ${evaluation} ${recalibrated > 0}`;
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      throw new UserError(
        `${path}:${index + 2}: seed ${seed} of variant "${variant}" stands twice at rate ${pruneRate} of ${granularity}s${isPlain(row) ? '' : ` (${describeTerms(row)})`}, ` +
          `first in line ${earlier}, expected once; remove one of the two lines`,
      );
    }
    seen.set(key, index + 2);
  }
}
