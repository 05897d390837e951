/** @file Which rows of a sweep become the baseline of its experiment, and what there is to doubt about them. */
import { UserError } from '../errors.ts';
import { groupBy } from '../maps.ts';
import { describeCommand } from '../next-command.ts';
import { describeTerms, type SweepRow, settingsHashOf } from '../sweeps/rows.ts';

/**
 * Chooses the rows that a baseline is made of.
 *
 * @param argument names the experiment: the same words are shown in the command that helps
 * @param hashes of the present settings of each variant; nothing if they are not known, and each variant must have one kind of row
 * @returns the rows of the present settings of each variant
 * @throws UserError if a variant has no such row, rows of several settings, or of several numbers of draws or of images for the averages
 */
export function selectBaselineRows(
  argument: string,
  rows: readonly SweepRow[],
  hashes: ReadonlyMap<string, string> | undefined,
  results: string,
): SweepRow[] {
  if (hashes === undefined) {
    requireOneHash(rows);
    requireSameTerms(rows);
    return [...rows];
  }
  const selected = rows.filter((row) => hashes.get(row.variant) === settingsHashOf(row));
  requireSameTerms(selected);
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

/** Rates that were swept with other numbers of draws are other measurements. */
function requireSameTerms(rows: readonly SweepRow[]): void {
  for (const [variant, own] of groupBy(rows, (row) => row.variant)) {
    const terms = [...new Set(own.map(describeTerms))];
    if (terms.length > 1)
      throw new UserError(
        `variant "${variant}" was swept as ${terms.join(' and as ')}, expected one; sweep all its rates again with one number`,
      );
  }
}

/** What makes a baseline a poor yardstick, in sentences. */
export function listDoubts(rows: readonly SweepRow[]): string[] {
  const seeds = new Map<string, Set<number>>();
  for (const { variant, seed } of rows) seeds.set(variant, (seeds.get(variant) ?? new Set()).add(seed));
  const single = [...seeds].filter(([, own]) => own.size === 1).map(([variant]) => variant);
  const perfect = [...new Set(rows.filter(({ accuracy }) => accuracy === 1).map(({ variant }) => variant))];
  return [
    ...(single.length > 0 ? [`one seed only, so that its spread is not known: ${single.join(', ')}`] : []),
    ...(perfect.length > 0 ? [`every test image is classified correctly: ${perfect.join(', ')}`] : []),
  ];
}
