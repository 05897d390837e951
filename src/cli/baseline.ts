/** @file td baseline: writes the sweep of an experiment as the one that later sweeps are compared with. */
import type { Command } from 'commander';
import { baselinePath, requireOneEvaluation } from '../gate/baseline.ts';
import { listDoubts, selectBaselineRows } from '../gate/baseline-rows.ts';
import { hashPresentSettings } from '../gate/present-hashes.ts';
import { formatSweep } from '../sweeps/rows.ts';
import { findSwept } from '../tables/swept-experiment.ts';
import { type ViewOptions, viewOf, viewOptions } from '../terminal/evaluation-options.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { tellLeftOut } from '../terminal/found-runs.ts';
import { resultsOption } from '../terminal/options.ts';
import { requireOutputFile, writeNamed } from '../terminal/output-file.ts';
import { printLine } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { describeCount } from '../terminal/words.ts';

const HELP = `
Commit the file: "td check" compares later sweeps with it. Five seeds or more
let it know how far the seeds scatter. Named by its file, an experiment gives
the rows of its present settings, and every variant must have some.

Examples:
  td baseline configs/ci.yaml
  td baseline ci --results elsewhere --out baselines/ci.csv`;

export function define(command: Command): void {
  command.option('--out <file>', 'CSV file (default: results/baseline/<experiment>.csv)');
  for (const option of [...viewOptions(), resultsOption()]) command.addOption(option);
  command.addHelpText('after', HELP).action(baseline);
}

export interface BaselineOptions extends ViewOptions {
  readonly out?: string;
  readonly results: string;
}

/** @throws UserError if there is no such sweep, it lacks a variant, has one with several settings, or the file holds several evaluations */
export async function baseline(argument: string, options: BaselineOptions): Promise<void> {
  requireOutputFile('--out', options.out);
  requireResultsFolder(options.results, 'read');
  const swept = findSwept(argument, options.results, viewOf(options));
  tellLeftOut(swept.leftOut);
  const hashes = await hashPresentSettings(argument, startFetchStage);
  const rows = selectBaselineRows(argument, swept.rows, hashes, options.results);
  const path = options.out ?? baselinePath(swept.experiment);
  requireOneEvaluation(path);
  const variants = [...new Set(rows.map(({ variant }) => variant))];
  const contents = `${describeCount(rows.length, 'row')} of ${describeCount(variants.length, 'variant')}`;
  await writeNamed(path, formatSweep(rows, variants), `written: ${path} (${contents})`);
  for (const warning of listDoubts(rows)) printLine(`warning: ${warning}`);
}
