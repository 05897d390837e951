/** @file td baseline: writes the sweep of an experiment as the one that later sweeps are compared with. */
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { baselinePath } from '../gate/baseline.ts';
import { hashPresentSettings } from '../gate/present-hashes.ts';
import { describeCommand } from '../next-command.ts';
import { formatSweep, type SweepRow, settingsHashOf } from '../sweeps/rows.ts';
import { findSwept } from '../tables/swept-experiment.ts';
import { requireResultsFolder } from '../terminal/experiments.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { tellFaults } from '../terminal/found-runs.ts';
import { resultsOption } from '../terminal/options.ts';
import { requireOutputFile, writeNamed } from '../terminal/output-file.ts';
import { printLine } from '../terminal/progress.ts';
import { counted } from '../terminal/words.ts';

const HELP = `
Commit the file: "td check" compares later sweeps with it. Five seeds or more
let it know how far the seeds scatter. Named by its file, an experiment gives
the rows of its present settings, and every variant must have some.

Examples:
  td baseline configs/ci.yaml
  td baseline ci --results elsewhere --out baselines/ci.csv`;

export function define(command: Command): void {
  command
    .option('--out <file>', 'CSV file (default: results/baseline/<experiment>.csv)')
    .addOption(resultsOption())
    .addHelpText('after', HELP)
    .action(baseline);
}

export interface BaselineOptions {
  readonly out?: string;
  readonly results: string;
}

/** @throws UserError if there is no such sweep, it lacks a variant, or has one with several settings */
export async function baseline(argument: string, options: BaselineOptions): Promise<void> {
  requireOutputFile('--out', options.out);
  requireResultsFolder(options.results, 'read');
  const swept = findSwept(argument, options.results);
  tellFaults(swept.damaged.map(({ reason }) => reason));
  const hashes = await hashPresentSettings(argument, startFetchStage);
  const rows = selectRows(argument, swept.rows, hashes, options.results);
  const path = options.out ?? baselinePath(swept.experiment);
  const variants = [...new Set(rows.map(({ variant }) => variant))];
  const contents = `${counted(rows.length, 'row')} of ${counted(variants.length, 'variant')}`;
  await writeNamed(path, formatSweep(rows, variants), `written: ${path} (${contents})`);
  for (const warning of listDoubts(rows)) printLine(`warning: ${warning}`);
}

/** The rows of the present settings of each variant. */
function selectRows(
  argument: string,
  rows: readonly SweepRow[],
  hashes: ReadonlyMap<string, string> | undefined,
  results: string,
): SweepRow[] {
  if (hashes === undefined) {
    requireOneHash(rows);
    return [...rows];
  }
  const selected = rows.filter((row) => hashes.get(row.variant) === settingsHashOf(row));
  const swept = new Set(selected.map(({ variant }) => variant));
  const missing = [...hashes.keys()].find((variant) => !swept.has(variant));
  if (missing === undefined) return selected;
  throw new UserError(
    `variant "${missing}" is not swept with its present settings; train and sweep it with: ` +
      `${describeCommand('run', [argument], results)} && ${describeCommand('sweep', [argument], results)}`,
  );
}

function requireOneHash(rows: readonly SweepRow[]): void {
  const found = new Map<string, string>();
  for (const row of rows) {
    const hash = settingsHashOf(row);
    const earlier = found.get(row.variant) ?? hash;
    if (earlier !== hash) {
      throw new UserError(
        `variant "${row.variant}" was swept with two settings (${earlier} and ${hash}), expected one; name the experiment's file to take its present ones`,
      );
    }
    found.set(row.variant, hash);
  }
}

/** What makes a baseline a poor yardstick, in sentences. */
function listDoubts(rows: readonly SweepRow[]): string[] {
  const seeds = new Map<string, Set<number>>();
  for (const { variant, seed } of rows) seeds.set(variant, (seeds.get(variant) ?? new Set()).add(seed));
  const single = [...seeds].filter(([, own]) => own.size === 1).map(([variant]) => variant);
  const perfect = [...new Set(rows.filter(({ accuracy }) => accuracy === 1).map(({ variant }) => variant))];
  return [
    ...(single.length > 0 ? [`one seed only, so that its spread is not known: ${single.join(', ')}`] : []),
    ...(perfect.length > 0 ? [`every test image is classified correctly: ${perfect.join(', ')}`] : []),
  ];
}
