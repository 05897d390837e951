/** @file Collects what a report says of an experiment. */
import { expandRuns } from '../config/experiment.ts';
import { readMeasuresOf } from '../figures/collect-costs.ts';
import { type CollectedFigures, collectFigures } from '../figures/collect-figures.ts';
import type { MagnitudesCache } from '../figures/collect-weights.ts';
import { listMethods } from '../figures/group-methods.ts';
import type { Method } from '../methods/names.ts';
import type { Granularity } from '../pruning/types.ts';
import { comparePlaces } from '../runs/walk.ts';
import type { ExperimentResults } from '../tables/experiment-results.ts';
import { buildMethodTable, type MethodTable } from '../tables/method-table.ts';
import { findMissing, type KnownRuns } from '../tables/missing-runs.ts';
import { readPublished } from '../tables/paper/published.ts';
import { collectGains, type Gain } from './gains.ts';
import { type RunReport, reportRun } from './run-report.ts';

export interface ExperimentReport {
  /** What was trained, on what, how long. */
  readonly facts: readonly string[];
  readonly figures: CollectedFigures;
  /** In the order of tables, each once. */
  readonly methods: readonly Method[];
  /** One for each granularity that is swept. */
  readonly tables: readonly MethodTable[];
  /** The same with published numbers, where there are any. */
  readonly published: readonly MethodTable[];
  readonly runs: readonly RunReport[];
  /** What a user of each method's network gets, for each granularity. */
  readonly gains: readonly { readonly granularity: Granularity; readonly gains: readonly Gain[] }[];
}

/**
 * @param cache of networks that earlier calls measured
 * @throws UserError naming file and line if a file of the experiment is malformed
 */
export async function collectReport(
  source: ExperimentResults,
  cache?: MagnitudesCache,
): Promise<ExperimentReport> {
  const figures = await collectFigures(source, cache);
  const swept = figures.granularities.filter(({ accuracy }) => accuracy.length > 0);
  const known = listKnownRuns(source);
  const tabulate = (published?: ReturnType<typeof readPublished>) =>
    swept.map(({ granularity }) => {
      const missing = findMissing(source.rows, granularity, known);
      return buildMethodTable({ ...source, granularity, missing, published });
    });
  const methods = figures.granularities.flatMap(({ granularity }) => listMethods(source, granularity));
  const measures = readMeasuresOf(source.runs);
  return {
    gains: figures.granularities.map(({ granularity }) => ({
      granularity,
      gains: collectGains(listMethods(source, granularity), granularity, measures),
    })),
    facts: listFacts(source),
    figures,
    methods: methods.flatMap(({ method }) => method ?? []),
    tables: tabulate(),
    published: tabulate(readPublished()).filter(({ columns }) =>
      columns.some(({ hasPublished }) => hasPublished),
    ),
    runs: [...source.runs, ...source.damaged].toSorted(comparePlaces).map(reportRun),
  };
}

/** The runs that its tables should have. */
function listKnownRuns({ runs, damaged, settings, definition }: ExperimentResults): KnownRuns {
  const expected = definition && expandRuns(definition);
  const own = (expected ?? []).map((run) => [run.hash.slice(0, 8), run.settings] as const);
  return { expected, found: [...runs, ...damaged], settings: new Map([...settings, ...own]) };
}

/** Where variants differ, all values are listed: `epochs: 3 or 5`. */
function listFacts({ settings, runs, rows }: ExperimentResults): string[] {
  const all = [...settings.values()];
  const seeds = new Set([...runs.map(({ identity }) => identity.seed), ...rows.map(({ seed }) => seed)]);
  const parameters = new Set(rows.map(({ parametersTotal }) => parametersTotal));
  const images = new Set(rows.map(({ testImages }) => testImages));
  const join = (values: Iterable<string | number>) =>
    [...new Set(values)].map((value) => value.toLocaleString('en-US')).join(' or ');
  const facts: [string, string][] = [
    ['network ', join(all.map(({ model }) => model.name))],
    ['data set ', join(all.map(({ dataset }) => dataset.name))],
    ['epochs: ', join(all.map(({ schedule }) => schedule.epochs))],
    ['seeds: ', String(seeds.size)],
    ['parameters: ', join(parameters)],
    ['test images: ', join(images)],
  ];
  return facts.flatMap(([name, value]) => (value === '' ? [] : [name + value]));
}
