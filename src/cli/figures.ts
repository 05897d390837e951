/** @file td figures: draws the figures of experiments from what is in their folders. */
import { UserError } from '../errors.ts';
import { collectFigures } from '../figures/collect-figures.ts';
import type { ExperimentResults } from '../tables/experiment-results.ts';
import { requireResultsFolder } from '../terminal/experiments.ts';
import { lookUpResults, requireTrainedImages, tellDamaged } from '../terminal/found-results.ts';
import { tellFaults } from '../terminal/found-runs.ts';
import { print } from '../terminal/output.ts';

export interface FiguresOptions {
  readonly results: string;
}

/**
 * @throws UserError if there is nothing to draw, a file is malformed, other images lie where those were that a run was trained
 *   on, or the folder cannot be written to
 */
export async function figures(names: readonly string[], { results }: FiguresOptions): Promise<void> {
  requireResultsFolder(results, 'write');
  const sources = lookUpResults(names, results);
  if (sources.length === 0)
    throw new UserError(`nothing is trained in ${results}; train with: td run <experiment.yaml>`);
  await requireTrainedImages(sources);
  for (const source of sources) await drawFigures(source, results);
  tellDamaged(sources);
}

/** Draws what there is of one experiment, and says where. The plotting library is loaded now. */
export async function drawFigures(source: ExperimentResults, results: string): Promise<void> {
  const { figurePath, writeFigures } = await import('../figures/write-figures.ts');
  const collected = await collectFigures(source);
  const names = writeFigures(results, collected);
  const path = figurePath(results, source.experiment, '*');
  const outcome = names.length === 0 ? 'nothing to draw yet' : `${names.join(', ')}, as ${path}.svg and .png`;
  print(`figures of ${source.experiment}: ${outcome}`);
  tellFaults(collected.problems);
}
