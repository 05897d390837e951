/** @file The row of a sweep that an export is of. */
import { UserError } from '../errors.ts';
import { formatRate } from '../format.ts';
import { DEFAULT_RESULTS, describeCommandLine } from '../next-command.ts';
import type { FinishedRun } from '../runs/find.ts';
import { readSweep } from '../sweeps/read-sweep.ts';
import { checkpointId, findSweepRow, isPlain, type SweepRow, sweepPath } from '../sweeps/rows.ts';
import type { ExportedPruning } from './export-network.ts';

/**
 * The row of a network that was pruned so, whose accuracy the user has seen.
 *
 * @throws UserError if the run was not swept at this rate and granularity, naming those at which it was
 */
export function requireSwept(run: FinishedRun, pruning: ExportedPruning, results: string): SweepRow {
  const { granularity, pruneRate, criterion } = pruning;
  const { experiment } = run.identity;
  const rows = readSweep(sweepPath(results, experiment, criterion?.id));
  const sweepCommand = () => describeSweep(pruning, results);
  const runId = checkpointId(run.id, run.summary.checkpointSha256);
  const row = findSweepRow(rows, runId, granularity, pruneRate);
  if (row !== undefined) return row;
  const own = rows.filter((other) => other.runId === runId && isPlain(other));
  const name = `${experiment}/${run.id}`;
  if (own.length === 0)
    throw new UserError(`${name} was not swept${criterion === undefined ? '' : ` by the criterion ${criterion.id}`}, expected a sweep that says how accurate it is when pruned; sweep with: ${sweepCommand()}`); // biome-ignore format: one sentence
  const same = own.filter((other) => other.granularity === granularity);
  const other = granularity === 'unit' ? 'weight' : 'unit';
  if (same.length === 0)
    throw new UserError(`${name} was swept by ${other}s alone, expected --granularity ${other}; to prune ${granularity}s: ${sweepCommand()}`); // biome-ignore format: one sentence
  const rates = [...new Set(same.map((one) => one.pruneRate))].toSorted((a, b) => a - b);
  throw new UserError(
    `${name} was not swept at ${formatRate(pruneRate)} of its ${granularity}s, expected one of ${rates.join(', ')}; ` +
      `to add it: ${sweepCommand()}`,
  );
}

function describeSweep({ granularity, pruneRate, criterion }: ExportedPruning, results: string): string {
  const where = results === DEFAULT_RESULTS ? [] : ['--results', results];
  const ranked = criterion === undefined ? [] : criterion.flags;
  const asked =
    criterion?.rate === undefined ? ['--granularity', granularity, '--prune', String(pruneRate)] : [];
  return describeCommandLine(['sweep', ...ranked, ...asked, ...where]);
}
