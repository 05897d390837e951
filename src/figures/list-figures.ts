/** @file The figures of an experiment, each by its name: what a file is called and a page shows. */
import type { EChartsOption } from 'echarts';
import { chartAccuracy, labelLines, titleAccuracy } from './charts/accuracy.ts';
import { chartCosts, titleCosts } from './charts/costs.ts';
import { chartGrid, gridHeight, gridWidth } from './charts/grids.ts';
import { chartLayers, layersHeight } from './charts/layers.ts';
import { legendHeight, legendWidth } from './charts/legend.ts';
import { titleHeight } from './charts/parts.ts';
import { LIGHT } from './charts/theme.ts';
import { chartTraining, listPanels, titleTraining } from './charts/training.ts';
import { chartWeights, weightsHeight } from './charts/weights.ts';
import type { ExperimentFigures, GranularityFigures, Line } from './types.ts';

/** A chart as a picture of its own. */
export interface Figure {
  /** `accuracy-weight`, `accuracy-unit-gamma` */
  readonly name: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly option: EChartsOption;
}

/** The figures for which an experiment has numbers. */
export function listFigures({ experiment, granularities }: ExperimentFigures): Figure[] {
  return granularities.flatMap((figures) => listOf(experiment, figures));
}

function listOf(experiment: string, figures: GranularityFigures): Figure[] {
  const { granularity, accuracy, training, weights, layers, costs = [], grids = [] } = figures;
  const list: Figure[] = [];
  const add = (
    name: string,
    width: number,
    height: number,
    chart: (look: typeof LOOK & Size) => EChartsOption,
    suffix = '',
  ) => {
    const size = { width, height };
    list.push({ name: `${name}-${granularity}${suffix}`, ...size, option: chart({ ...LOOK, ...size }) });
  };
  for (const figure of accuracy) {
    const { lines, suffix } = figure;
    const labels = labelLines(lines);
    const width = 560 + legendWidth(lines, labels);
    const draw = (look: typeof LOOK & Size) => chartAccuracy(experiment, granularity, figure, look);
    const title = titleAccuracy(experiment, granularity, figure);
    add('accuracy', width, heightFor(lines, 362, titleHeight(title, width), labels), draw, suffix);
  }
  if (training.length > 0) {
    const width = 80 + 340 * listPanels(training).length + legendWidth(training);
    const title = titleTraining(experiment, granularity, training);
    add('training', width, heightFor(training, 322, titleHeight(title, width)), (look) =>
      chartTraining(experiment, granularity, training, look),
    );
  }
  if (weights !== undefined) {
    const height = weightsHeight(experiment, granularity, weights, { width: 860, isAlone: true });
    add('weights', 860, height, (look) => chartWeights(experiment, granularity, weights, look));
  }
  if (layers !== undefined) {
    const height = layersHeight(experiment, granularity, layers, { width: 860, isAlone: true });
    add('layers', 860, height, (look) => chartLayers(experiment, granularity, layers, look));
  }
  for (const figure of costs) {
    const width = 560 + legendWidth(figure.lines);
    const title = titleCosts(experiment, granularity, figure);
    add(
      `accuracy-over-${figure.kind}`,
      width,
      heightFor(figure.lines, 362, titleHeight(title, width)),
      (look) => chartCosts(experiment, granularity, figure, look),
    );
  }
  for (const [index, table] of grids.entries()) {
    const number = grids.length > 1 ? `-${index + 1}` : '';
    const width = gridWidth(table);
    add(`grid${number}`, width, gridHeight(experiment, table, { ...LOOK, width }), (look) =>
      chartGrid(experiment, table, look),
    );
  }
  return list;
}

/**
 * Height in pixels of a chart with its title, and more if the legend of many methods needs it.
 *
 * @param below what the chart takes as a rule, without its title
 * @param titled what the title takes
 */
function heightFor(
  lines: readonly Line[],
  below: number,
  titled: number,
  labels?: ReadonlyMap<string, string>,
): number {
  return Math.max(titled + below, legendHeight(lines, titled, labels));
}

const LOOK = { theme: LIGHT, isAlone: true } as const;

interface Size {
  readonly width: number;
  readonly height: number;
}
