/** @file Collects what a report says of an experiment. */
import { expandRuns } from '../config/experiment.ts';
import { readMeasuresOf } from '../figures/collect-costs.ts';
import { type CollectedFigures, type CollectingOptions, collectFigures } from '../figures/collect-figures.ts';
import { listMethods } from '../figures/group-methods.ts';
import type { Method } from '../methods/names.ts';
import { compareNaturally } from '../order.ts';
import { comparePlaces } from '../runs/walk.ts';
import {
  describeView,
  type EvaluationView,
  explainView,
  findAuthorsView,
  includesDense,
  listViews,
  selectRows,
} from '../sweeps/evaluations.ts';
import type { ExperimentResults } from '../tables/experiment-results.ts';
import { buildMethodTable, type MethodTable } from '../tables/method-table.ts';
import { findMissing, type KnownRuns } from '../tables/missing-runs.ts';
import { readPublished } from '../tables/paper/published.ts';
import { collectGains, type GranularityGains } from './gains.ts';
import { type RunReport, reportRun } from './run-report.ts';

export interface ExperimentReport {
  /** What was trained, on what, how long. */
  readonly facts: readonly string[];
  readonly figures: CollectedFigures;
  /** In the order of tables, each once. */
  readonly methods: readonly Method[];
  /** One for each evaluation, the one to look at first at the beginning; none if nothing is swept. */
  readonly evaluations: readonly EvaluationReport[];
  /**
   * Tables with published numbers, where there are any: of the evaluation that the authors' code had, if it is among those that are
   * shown, else of the first.
   */
  readonly published: readonly MethodTable[];
  readonly runs: readonly RunReport[];
  /** What a user of each method's network gets, as it is; none where another evaluation alone is shown. */
  readonly gains: readonly GranularityGains[];
}

/** What a report says of networks under one evaluation. */
export interface EvaluationReport {
  /** `dense`, `gamma, recalibrated` */
  readonly evaluation: string;
  /** What that is, in a clause. */
  readonly explanation: string;
  /** One for each granularity that is swept. */
  readonly tables: readonly MethodTable[];
}

/**
 * @param source with rows of all evaluations
 * @param view the only evaluation to show; all that there are if absent
 * @throws UserError naming file and line if a file of the experiment is malformed
 */
export async function collectReport(
  source: ExperimentResults,
  view?: EvaluationView,
  collecting?: CollectingOptions,
): Promise<ExperimentReport> {
  const views = view === undefined ? listViews(source.rows, source.settings) : [view];
  const figures = await collectFigures(source, views, collecting);
  const nearest = findAuthorsView(source.rows, source.settings, views);
  const methods = figures.granularities.flatMap(({ granularity }) => listMethods(source, granularity));
  // The figures have told what is wrong with them.
  const measures = readMeasuresOf(source.runs);
  return {
    gains: (includesDense(views) ? figures.granularities : []).map(({ granularity }) => ({
      granularity,
      gains: collectGains(listMethods(source, granularity), granularity, measures),
    })),
    facts: listFacts(source),
    figures,
    methods: methods.flatMap(({ method }) => method ?? []),
    evaluations: views.map((shown) => ({
      evaluation: describeView(shown),
      explanation: explainView(shown),
      tables: tabulateView(source, shown),
    })),
    published: (nearest === undefined ? [] : tabulateView(source, nearest, readPublished())).filter(
      ({ columns }) => columns.some(({ hasPublished }) => hasPublished),
    ),
    runs: [...source.runs, ...source.leftOut].toSorted(comparePlaces).map(reportRun),
  };
}

/** One table for each granularity that has rows of this evaluation. */
function tabulateView(
  source: ExperimentResults,
  view: EvaluationView,
  published?: ReturnType<typeof readPublished>,
): MethodTable[] {
  const rows = selectRows(source.rows, source.settings, view);
  const known = listKnownRuns(source);
  return (['weight', 'unit'] as const)
    .filter((choice) => rows.some(({ granularity }) => granularity === choice))
    .map((granularity) => {
      const missing = findMissing(rows, granularity, known);
      return buildMethodTable({ ...source, rows, view, granularity, missing, published });
    });
}

/** The runs that its tables should have. */
function listKnownRuns({ runs, leftOut, settings, definition }: ExperimentResults): KnownRuns {
  const expected = definition && expandRuns(definition);
  const own = (expected ?? []).map((run) => [run.hash.slice(0, 8), run.settings] as const);
  return { expected, found: [...runs, ...leftOut], settings: new Map([...settings, ...own]) };
}

/** Where variants differ, all values are listed: `epochs: 3 or 5`. */
function listFacts({ settings, runs, rows }: ExperimentResults): string[] {
  const all = [...settings.values()];
  const seeds = new Set([...runs.map(({ identity }) => identity.seed), ...rows.map(({ seed }) => seed)]);
  const parameters = new Set(rows.map(({ parametersTotal }) => parametersTotal));
  const images = new Set(rows.map(({ testImages }) => testImages));
  const join = (values: Iterable<string | number>) =>
    [...new Set(values)]
      .toSorted((a, b) => compareNaturally(String(a), String(b)))
      .map((value) => value.toLocaleString('en-US'))
      .join(' or ');
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
