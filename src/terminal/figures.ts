/** @file The drawing of figures, as several commands do it and tell of it. */
import type { EvaluationView } from '../sweeps/evaluations.ts';
import type { ExperimentResults } from '../tables/experiment-results.ts';
import { tellFaults } from './found-runs.ts';
import { beginLongWork } from './long-work.ts';
import { print } from './output.ts';

/**
 * Draws what there is of one experiment, and says where. Only now what prunes networks and what plots is loaded.
 *
 * @param views the evaluations that figures of accuracy show, one figure each
 * @param tell where it is said
 */
export async function drawFigures(
  source: ExperimentResults,
  results: string,
  views: readonly EvaluationView[],
  tell = print,
): Promise<void> {
  const startStage = beginLongWork();
  const { collectFigures } = await import('../figures/collect-figures.ts');
  const { figurePath, writeFigures } = await import('../figures/write-figures.ts');
  const collected = await collectFigures(source, views, { startStage });
  const names = writeFigures(results, collected, startStage);
  const path = figurePath(results, source.experiment, '*');
  const outcome = names.length === 0 ? 'nothing to draw yet' : `${names.join(', ')}, as ${path}.svg and .png`;
  tell(`figures of ${source.experiment}: ${outcome}`);
  tellFaults(collected.problems);
}
