/** @file Groups the rows and runs of an experiment by method, in the order and under the names of its tables. */
import type { RunSettings } from '../config/schema.ts';
import { groupBy } from '../maps.ts';
import { type Method, methodOf } from '../methods/names.ts';
import type { Granularity } from '../pruning/types.ts';
import type { FoundRun } from '../runs/find.ts';
import { type EvaluationView, selectRows } from '../sweeps/evaluations.ts';
import { type SweepRow, settingsHashOf } from '../sweeps/rows.ts';
import type { ExperimentResults } from '../tables/experiment-results.ts';
import { compareColumns, nameColumns } from '../tables/method-table.ts';
import type { Line } from './types.ts';

/** One variant, trained with one set of settings. */
export interface MethodRuns extends Line {
  readonly method: Method | undefined;
  readonly settings: RunSettings | undefined;
  /** Rows of both granularities. */
  readonly rows: readonly SweepRow[];
  readonly runs: readonly FoundRun[];
}

type Group = Omit<MethodRuns, keyof Line> & { readonly variant: string };

/** The granularities that an experiment was swept at; before a sweep those that its methods are trained for, or else weights. */
export function listGranularities({ rows, settings }: ExperimentResults): Granularity[] {
  const both: readonly Granularity[] = ['weight', 'unit'];
  const swept = both.filter((choice) => rows.some(({ granularity }) => granularity === choice));
  if (swept.length > 0) return swept;
  const known = [...settings.values()].map(({ regularizer }) => methodOf(regularizer).granularity);
  const trained = both.filter((choice) => known.includes(choice));
  return trained.length > 0 ? trained : ['weight'];
}

/**
 * The methods that a granularity is about, as its table has them: those trained for the other one are left out. Methods
 * of one heading have one style in the figures of both granularities.
 */
export function listMethods(source: ExperimentResults, granularity: Granularity): MethodRuns[] {
  const headings = new Map<string, number>();
  const all = (['weight', 'unit'] as const).map((choice) => {
    const groups = groupByMethod(source, choice);
    const names = nameColumns(groups);
    for (const name of names) if (!headings.has(name)) headings.set(name, headings.size);
    return groups.map((group, index) => {
      const heading = names[index] ?? group.variant;
      return { ...group, heading, style: headings.get(heading) ?? 0 };
    });
  });
  return all[granularity === 'weight' ? 0 : 1] ?? [];
}

function groupByMethod({ rows, runs, settings }: ExperimentResults, granularity: Granularity): Group[] {
  const keyOf = (variant: string, hash: string) => `${variant} ${hash}`;
  const ownRows = groupBy(rows, (row) => keyOf(row.variant, settingsHashOf(row)));
  const ownRuns = groupBy(runs, ({ identity }) => keyOf(identity.variant, identity.hash));
  const keys = [...new Set([...ownRows.keys(), ...ownRuns.keys()])].map(
    (key) => key.split(' ') as [string, string],
  );
  const settingsOf = groupBy(keys, ([variant]) => variant);
  const groups = keys.map(([variant, hash]): Group => {
    const known = settings.get(hash);
    const isShared = (settingsOf.get(variant)?.length ?? 0) > 1;
    return {
      variant: isShared ? `${variant} (${hash})` : variant,
      settings: known,
      method: known && methodOf(known.regularizer),
      rows: ownRows.get(keyOf(variant, hash)) ?? [],
      runs: ownRuns.get(keyOf(variant, hash)) ?? [],
    };
  });
  return groups
    .filter(({ method }) => (method?.granularity ?? granularity) === granularity)
    .toSorted(compareColumns);
}

/**
 * The same methods, each under the same name and in the same style, with their rows of one evaluation.
 *
 * @param settings by the first 8 digits of their hash
 */
export function showView(
  methods: readonly MethodRuns[],
  settings: ExperimentResults['settings'],
  view: EvaluationView,
): MethodRuns[] {
  return methods.map((method) => ({ ...method, rows: selectRows(method.rows, settings, view) }));
}

/** What figures call a method, and the number of its style. */
export function lineOf({ heading, variant, style }: MethodRuns): Line {
  return { heading, variant, style };
}
