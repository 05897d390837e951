/** @file td baseline: writes the sweep of an experiment as the one that later sweeps are compared with. */
import { UserError } from '../errors.ts';
import { baselinePath } from '../gate/baseline.ts';
import { findGateSource, type GateSource } from '../gate/source.ts';
import { formatSweep, type SweepRow } from '../sweeps/rows.ts';
import { hashOf } from '../tables/comparison.ts';
import { requireResultsFolder, wordCommand } from '../terminal/experiments.ts';
import { requireOutputFile, writeNamed } from '../terminal/output-file.ts';
import { printLine } from '../terminal/progress.ts';
import { counted } from '../terminal/words.ts';

export interface BaselineOptions {
  readonly out?: string;
  readonly results: string;
}

/** @throws UserError if there is no such sweep, it lacks a variant, or has one with several settings */
export async function baseline(argument: string, options: BaselineOptions): Promise<void> {
  requireOutputFile('--out', options.out);
  requireResultsFolder(options.results, 'read');
  const source = await findGateSource(argument, options.results);
  const rows = selectRows(argument, source, options.results);
  const path = options.out ?? baselinePath(source.experiment);
  const variants = [...new Set(rows.map(({ variant }) => variant))];
  const contents = `${counted(rows.length, 'row')} of ${counted(variants.length, 'variant')}`;
  await writeNamed(path, formatSweep(rows, variants), `written: ${path} (${contents})`);
  for (const warning of listDoubts(rows)) printLine(`warning: ${warning}`);
}

/** The rows of the present settings of each variant. */
function selectRows(argument: string, { rows, hashes }: GateSource, results: string): SweepRow[] {
  if (hashes === undefined) {
    requireOneHash(rows);
    return [...rows];
  }
  const selected = rows.filter((row) => hashes.get(row.variant) === hashOf(row));
  const swept = new Set(selected.map(({ variant }) => variant));
  const missing = [...hashes.keys()].find((variant) => !swept.has(variant));
  if (missing === undefined) return selected;
  throw new UserError(
    `variant "${missing}" is not swept with its present settings; train and sweep it with: ` +
      `${wordCommand('run', [argument], results)} && ${wordCommand('sweep', [argument], results)}`,
  );
}

function requireOneHash(rows: readonly SweepRow[]): void {
  const found = new Map<string, string>();
  for (const row of rows) {
    const hash = hashOf(row);
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
