/** @file Collects what the figures of an experiment show. */

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

/**
 * @param source with rows of all evaluations
 * @param views the evaluations to show, one figure of accuracy each; costs and grids are of networks as they are, and left out if those
 *   are not among them
 * @param cache of networks that earlier calls measured
 * @throws UserError naming file and line if a metrics.csv is malformed
 */
export async function collectFigures(
  source: ExperimentResults,
  views: readonly EvaluationView[],
  cache?: MagnitudesCache,
): Promise<CollectedFigures> {
  const granularities: GranularityFigures[] = [];
  const problems = new Set<string>();
  const measures = readMeasuresOf(source.runs);
  const isDense = includesDense(views);
  for (const granularity of listGranularities(source)) {
    const methods = listMethods(source, granularity);
    const rows = methods.flatMap((method) => method.rows);
    granularities.push({
      granularity,
      accuracy: views.flatMap((view) =>
        collectAccuracyFigure(showView(methods, source.settings, view), granularity, view),
      ),
      training: collectTraining(methods),
      ...(await collectWeights(methods, granularity, problems, cache)),
      costs: isDense ? collectCosts(methods, granularity, measures) : [],
      grids: isDense ? selectTelling(tabulateGrids(rows.filter(isPlain), granularity, source.settings)) : [],
    });
  }
  return { experiment: source.experiment, problems: [...problems], granularities };
}
