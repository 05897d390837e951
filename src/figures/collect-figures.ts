/** @file Collects what the figures of an experiment show. */

import { SILENT, type StartStage } from '../progress.ts';
import { type EvaluationView, includesDense } from '../sweeps/evaluations.ts';
import { isPlain } from '../sweeps/rows.ts';
import type { ExperimentResults } from '../tables/experiment-results.ts';
import { selectTelling, tabulateGrids } from '../tables/grid-table.ts';
import { collectCosts, readMeasuresOf } from './collect-costs.ts';
import { collectAccuracyFigure, collectTraining } from './collect-curves.ts';
import { collectWeights, type MagnitudesCache } from './collect-weights.ts';
import { listGranularities, listMethods, showView } from './group-methods.ts';
import type { ExperimentFigures, GranularityFigures } from './types.ts';

export interface CollectedFigures extends ExperimentFigures {
  /** What is wrong with networks that are left out, in sentences. */
  readonly problems: readonly string[];
}

export interface CollectingOptions {
  /** Of networks that earlier calls measured. */
  readonly cache?: MagnitudesCache | undefined;
  /** Shows which network is measured. */
  readonly startStage?: StartStage | undefined;
}

/**
 * @param source with rows of all evaluations
 * @param views the evaluations to show, one figure of accuracy each; costs and grids are of networks as they are, and left out if those
 *   are not among them
 * @throws UserError naming file and line if a metrics.csv is malformed
 */
export async function collectFigures(
  source: ExperimentResults,
  views: readonly EvaluationView[],
  { cache = new Map(), startStage = SILENT }: CollectingOptions = {},
): Promise<CollectedFigures> {
  const groups = listGranularities(source).map((granularity) => ({
    granularity,
    methods: listMethods(source, granularity),
  }));
  const granularities: GranularityFigures[] = [];
  const problems = new Set<string>();
  const measures = readMeasuresOf(source.runs, problems);
  const isDense = includesDense(views);
  const count = groups.reduce((sum, { methods }) => sum + methods.length, 0);
  const stage = startStage(`measuring networks of ${source.experiment}`, count);
  let measured = 0;
  const tellNext = (heading: string) => stage.update(measured++, heading);
  try {
    for (const { granularity, methods } of groups) {
      const rows = methods.flatMap((method) => method.rows);
      granularities.push({
        granularity,
        accuracy: views.flatMap((view) =>
          collectAccuracyFigure(showView(methods, source.settings, view), granularity, view),
        ),
        training: collectTraining(methods),
        ...(await collectWeights(methods, granularity, problems, { cache, tellNext })),
        costs: isDense ? collectCosts(methods, granularity, measures) : [],
        grids: isDense
          ? selectTelling(tabulateGrids(rows.filter(isPlain), granularity, source.settings))
          : [],
      });
    }
  } finally {
    stage.stop();
  }
  return { experiment: source.experiment, problems: [...problems], granularities };
}
