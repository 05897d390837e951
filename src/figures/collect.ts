/** @file Collects what the figures of an experiment show. */
import { collectAccuracy, collectTraining } from './curves.ts';
import { listGranularities, listMethods } from './methods.ts';
import type { ExperimentSource } from './source.ts';
import type { ExperimentFigures, GranularityFigures } from './types.ts';
import { collectWeights, type MagnitudesCache } from './weights.ts';

/**
 * @param cache of networks that earlier calls measured
 * @throws UserError naming file and line if a metrics.csv is malformed
 */
export async function collectFigures(
  source: ExperimentSource,
  cache?: MagnitudesCache,
): Promise<ExperimentFigures> {
  const granularities: GranularityFigures[] = [];
  for (const granularity of listGranularities(source)) {
    const methods = listMethods(source, granularity);
    granularities.push({
      granularity,
      accuracy: collectAccuracy(methods, granularity),
      training: collectTraining(methods),
      ...(await collectWeights(methods, granularity, cache)),
    });
  }
  return { experiment: source.experiment, granularities };
}
