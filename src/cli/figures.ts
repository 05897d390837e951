/** @file td figures: draws the figures of experiments from what is in their folders. */
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { drawFigures } from '../terminal/figures.ts';
import { lookUpResults, requireTrainedImages, tellDamaged } from '../terminal/found-results.ts';
import { resultsOption } from '../terminal/options.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';

const HELP = `
Accuracy against prune rate, training curves, where the weights lie, sparsity of
each layer; for pruned weights and for pruned units. Written beside the tables:
<results>/<experiment>/figure-<name>.svg and .png.

Examples:
  td figures mnist-lenet
  td figures                             all that is trained`;

export function define(command: Command): void {
  command.addOption(resultsOption()).addHelpText('after', HELP).action(figures);
}

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
