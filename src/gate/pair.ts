/** @file Finds the fresh rows that answer to the rows of a baseline, and says what is missing. */

import { UserError } from '../errors.ts';
import { formatRate } from '../format.ts';
import { groupBy } from '../maps.ts';
import { listTermsOf } from '../sweeps/evaluations.ts';
import { describeTerms, type EvaluationTerms, type SweepRow, settingsHashOf } from '../sweeps/rows.ts';
import type { PairedCell } from './cell-changes.ts';

/** Why a variant, or part of it, cannot be compared. */
export interface Fault {
  readonly kind: 'missing' | 'settings' | 'left out';
  readonly variant: string;
  /** A sentence without a full stop. */
  readonly sentence: string;
}

export interface Pairing {
  readonly cells: readonly PairedCell[];
  readonly faults: readonly Fault[];
  /** Remarks on rows that are not compared, which is no fault; sentences. */
  readonly notes: readonly string[];
}

/**
 * Pairs the rows of each cell of the baseline with the fresh rows of the same variant, settings, granularity and rate.
 *
 * @param hashes what the experiment's variants hash to now, if that is known: fresh rows of other settings are then stale
 * @throws UserError if the baseline mixes settings of one variant or has a run twice, the fresh rows have one twice, or an accuracy is no share
 */
export function pairRows(
  baseline: readonly SweepRow[],
  fresh: readonly SweepRow[],
  hashes?: ReadonlyMap<string, string>,
): Pairing {
  for (const row of [...baseline, ...fresh]) requireShare(row);
  const faults: Fault[] = [];
  const notes: string[] = [];
  const cells: PairedCell[] = [];
  for (const [variant, rows] of groupBy(baseline, ({ variant }) => variant)) {
    const hash = onlyHash(variant, rows);
    const others = fresh.filter((row) => row.variant === variant);
    const terms = onlyTerms(variant, rows);
    requireEachOnce(rows, 'the baseline has');
    const settled = others.filter((row) => settingsHashOf(row) === hash);
    const own = settled.filter((row) => describeTerms(row) === describeTerms(terms));
    const fault =
      findFault(variant, hash, others, hashes) ??
      (settled.length > 0 && own.length === 0 ? evaluationFault(variant, terms) : undefined);
    if (fault !== undefined) faults.push(fault);
    else {
      requireEachOnce(own, 'the fresh sweep has');
      if (settled.length < others.length) notes.push(`${variant}: fresh rows of other settings are left out`);
      const paired = pairVariant(variant, rows, own);
      cells.push(...paired.cells);
      faults.push(...paired.faults);
    }
  }
  const known = new Set(baseline.map(({ variant }) => variant));
  const added = [...new Set(fresh.map(({ variant }) => variant))].filter((variant) => !known.has(variant));
  if (added.length > 0) notes.push(`no such rows in the baseline, not compared: ${added.join(', ')}`);
  return { cells, faults, notes: [...noteEvaluation(baseline), ...notes] };
}

function findFault(
  variant: string,
  hash: string,
  rows: readonly SweepRow[],
  hashes: ReadonlyMap<string, string> | undefined,
): Fault | undefined {
  const now = hashes?.get(variant);
  if (hashes !== undefined && now === undefined)
    return { kind: 'missing', variant, sentence: 'the experiment has no such variant any more' };
  const found = [...new Set(rows.map(settingsHashOf))];
  const differing =
    now !== undefined && now !== hash ? now : found.includes(hash) ? undefined : found.join(', ');
  if (differing === undefined) return undefined;
  if (differing === '')
    return { kind: 'missing', variant, sentence: 'it has no fresh rows; was it trained and swept?' };
  const sentence = `other settings than those of the baseline (hash ${differing}, the baseline's is ${hash})`;
  return { kind: 'settings', variant, sentence };
}

function pairVariant(
  variant: string,
  baseline: readonly SweepRow[],
  fresh: readonly SweepRow[],
): { cells: PairedCell[]; faults: Fault[] } {
  const keyOf = ({ granularity, pruneRate }: SweepRow) => `${granularity} ${pruneRate}`;
  const freshOf = groupBy(fresh, keyOf);
  const missing: string[] = [];
  const sizes = new Set<string>();
  const cells: PairedCell[] = [];
  for (const [key, rows] of groupBy(baseline, keyOf)) {
    const [first] = rows as [SweepRow];
    const { granularity, pruneRate, testImages } = first;
    const others = freshOf.get(key) ?? [];
    const odd = [...rows, ...others].find((row) => row.testImages !== testImages);
    if (others.length === 0) missing.push(`${formatRate(pruneRate)} of ${granularity}s`);
    else if (odd !== undefined) sizes.add(`${odd.testImages} test images beside ${testImages}`);
    else {
      const accuraciesOf = (some: readonly SweepRow[]) => some.map(({ accuracy }) => accuracy);
      cells.push({
        variant,
        granularity,
        pruneRate,
        testImages,
        baseline: accuraciesOf(rows),
        fresh: accuraciesOf(others),
      });
    }
  }
  const faults: Fault[] = [...sizes].map((sentence) => ({ kind: 'settings', variant, sentence }));
  if (missing.length > 0)
    faults.push({ kind: 'missing', variant, sentence: `no fresh rows with ${missing.join(', ')} pruned` });
  return { cells, faults };
}

function onlyHash(variant: string, rows: readonly SweepRow[]): string {
  const [hash = '', other] = new Set(rows.map(settingsHashOf));
  if (other === undefined) return hash;
  throw new UserError(
    `the baseline has variant "${variant}" with two settings (${hash} and ${other}), expected one; "td baseline" writes it anew`,
  );
}

/** A baseline holds one evaluation of a variant. */
function onlyTerms(variant: string, rows: readonly SweepRow[]): EvaluationTerms {
  const [first] = rows as [SweepRow];
  const other = rows.find((row) => describeTerms(row) !== describeTerms(first));
  if (other === undefined) return first;
  throw new UserError(
    `the baseline has variant "${variant}" with two evaluations (${describeTerms(first)} and ${describeTerms(other)}), expected one; "td baseline" writes it anew`,
  );
}

/** Under which evaluation variants are compared; who has which, where they differ. */
function noteEvaluation(baseline: readonly SweepRow[]): string[] {
  const [terms, ...others] = new Set(baseline.map(describeTerms));
  if (terms === undefined) return [];
  return [`evaluation: ${others.length === 0 ? terms : listTermsOf(baseline)}`];
}

function evaluationFault(variant: string, terms: EvaluationTerms): Fault {
  const { evaluation, draws, recalibrated } = terms;
  const flags = [
    `--evaluate ${evaluation}`,
    ...(draws > 0 ? [`--draws ${draws}`] : []),
    ...(recalibrated > 0 ? [`--recalibrate ${recalibrated}`] : []),
  ];
  const sentence = `no fresh rows of the baseline's evaluation, ${describeTerms(terms)}; "td sweep ${flags.join(' ')}" makes them`;
  return { kind: 'missing', variant, sentence };
}

function requireShare({ accuracy, testImages, runId }: SweepRow): void {
  if (accuracy >= 0 && accuracy <= 1 && Number.isInteger(testImages) && testImages > 0) return;
  throw new UserError(
    `run ${runId}: accuracy ${accuracy} of ${testImages} test images, expected a share from 0 to 1 of at least one image`,
  );
}

function requireEachOnce(rows: readonly SweepRow[], subject: string): void {
  const seen = new Set<string>();
  for (const { variant, seed, granularity, pruneRate } of rows) {
    const cell = `${variant}, seed ${seed}, ${formatRate(pruneRate)} of ${granularity}s pruned`;
    if (seen.has(cell)) throw new UserError(`${subject} ${cell}, twice, expected once`);
    seen.add(cell);
  }
}
