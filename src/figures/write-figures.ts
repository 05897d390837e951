/** @file Writes the figures of an experiment beside its tables. */
import { join } from 'node:path';
import { writeFileAtomic } from '../files/atomic.ts';
import { SILENT, type StartStage } from '../progress.ts';
import { drawPng, drawSvg } from './draw.ts';
import { listFigures } from './list-figures.ts';
import type { ExperimentFigures } from './types.ts';

/** `<results>/<experiment>/figure-<name>`, without its ending. */
export function figurePath(resultsDirectory: string, experiment: string, name: string): string {
  return join(resultsDirectory, experiment, `figure-${name}`);
}

/**
 * Writes `<results>/<experiment>/figure-<name>.svg` and `.png`.
 *
 * @param startStage shows which figure is drawn
 * @returns the names, none if there is nothing to show yet
 */
export function writeFigures(
  resultsDirectory: string,
  figures: ExperimentFigures,
  startStage: StartStage = SILENT,
): string[] {
  const list = listFigures(figures);
  const stage = startStage(`drawing figures of ${figures.experiment}`, list.length);
  try {
    return list.map((figure, index) => {
      stage.update(index, figure.name);
      const path = figurePath(resultsDirectory, figures.experiment, figure.name);
      const svg = drawSvg(figure);
      writeFileAtomic(`${path}.svg`, svg);
      writeFileAtomic(`${path}.png`, drawPng(svg));
      return figure.name;
    });
  } finally {
    stage.stop();
  }
}
