/** @file Which rows of a baseline that holds several evaluations are compared. */
import type { RunSettings } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { groupBy } from '../maps.ts';
import { describeView, type EvaluationView, hasView, listViews, selectRows } from '../sweeps/evaluations.ts';
import { isPlain, type SweepRow } from '../sweeps/rows.ts';

export interface ComparedRows {
  readonly rows: readonly SweepRow[];
  /** What is left out, in sentences. */
  readonly notes: readonly string[];
}

/**
 * The rows of the evaluation asked for. If none is, those of the one that the baseline holds of a variant, of several the dense ones.
 *
 * @param path of the baseline, for errors
 * @param settings by the first 8 digits of their hash, as far as they are known
 * @param view the evaluation asked for
 * @throws UserError if the baseline lacks it
 */
export function selectCompared(
  baseline: readonly SweepRow[],
  path: string,
  settings: ReadonlyMap<string, RunSettings>,
  view?: EvaluationView,
): ComparedRows {
  const held = listViews(baseline, settings).map(describeView);
  if (view !== undefined) {
    if (hasView(baseline, settings, view)) return { rows: selectRows(baseline, settings, view), notes: [] };
    throw new UserError(
      `${path} has no rows of the evaluation "${describeView(view)}", expected one of: ${held.join('; ')}`,
    );
  }
  const rows = [...groupBy(baseline, ({ variant }) => variant).values()].flatMap((own) =>
    own.some(isPlain) ? own.filter(isPlain) : own,
  );
  const others = held.filter((name) => name !== 'dense');
  const note = `the baseline holds other evaluations, too (${others.join('; ')}): --evaluate and --recalibrated compare those`;
  return { rows, notes: rows.length < baseline.length ? [note] : [] };
}
