/** @file td figures: draws the figures of experiments from what is in their folders. */
import type { Command } from 'commander';
import { nothingTrained } from '../next-command.ts';
import { type ViewOptions, viewOf, viewOptions } from '../terminal/evaluation-options.ts';
import { drawFigures } from '../terminal/figures.ts';
import {
  lookUpResults,
  requireTrainedImages,
  requireView,
  tellLeftOutOf,
} from '../terminal/found-results.ts';
import { resultsOption } from '../terminal/options.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';

const HELP = `
Accuracy against prune rate, over multiply-adds, over latency once it is
measured ("td measure") and over two axes of a grid; training curves, where the
weights lie, sparsity of each layer; for pruned weights and for pruned units.
Written beside the tables: <results>/<experiment>/figure-<name>.svg and .png.

Accuracy is drawn under one evaluation, which title and name of the file tell
unless it is dense (figure-accuracy-weight-gamma.svg); "td sweep --help" says
what they are. Accuracy over costs and over a grid is of networks as they are,
and left out where another evaluation is asked for. Training, weights and layers
are the same under any.

Examples:
  td figures mnist-lenet
  td figures mnist-lenet --evaluate gamma
  td figures                             all that is trained`;

export function define(command: Command): void {
  for (const option of [...viewOptions(), resultsOption()]) command.addOption(option);
  command.addHelpText('after', HELP).action(figures);
}

export interface FiguresOptions extends ViewOptions {
  readonly results: string;
}

/**
 * @throws UserError if there is nothing to draw, a file is malformed, nothing was evaluated in the way that is asked for, other images lie where those were that a run was trained
 *   on, or the folder cannot be written to
 */
export async function figures(names: readonly string[], options: FiguresOptions): Promise<void> {
  const { results } = options;
  requireResultsFolder(results, 'write');
  const found = lookUpResults(names, results);
  if (found.length === 0) throw nothingTrained(results);
  const view = viewOf(options);
  const sources = requireView(names, found, view, results);
  await requireTrainedImages(sources);
  for (const source of sources) await drawFigures(source, results, [view]);
  tellLeftOutOf(sources);
}
