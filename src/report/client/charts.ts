/** @file One chart on the page: drawn for its width and the page's colours, and drawn again when they change. */
import type { EChartsOption } from 'echarts';
import { chartAccuracy } from '../../figures/charts/accuracy.ts';
import { chartCosts } from '../../figures/charts/costs.ts';
import { chartGrid, gridHeight } from '../../figures/charts/grids.ts';
import { chartLayers, layersHeight } from '../../figures/charts/layers.ts';
import type { Look } from '../../figures/charts/parts.ts';
import { DARK, LIGHT, type Theme } from '../../figures/charts/theme.ts';
import { chartTraining, isStacked, listPanels } from '../../figures/charts/training.ts';
import { chartWeights, weightsHeight } from '../../figures/charts/weights.ts';
import type { AccuracyFigure, GranularityFigures, Line } from '../../figures/types.ts';
import { type EChartsType, init } from './echarts.ts';
import {
  describeAccuracy,
  describeCosts,
  describeGrid,
  describeLayers,
  describeTraining,
  describeWeights,
  tooltipOf,
} from './tooltips.ts';
import type { View } from './view.ts';

type Drawing = { readonly height: number; readonly option: EChartsOption };

const HEIGHT = 400;
/** Of each of several curves that stand one above the other. */
const STACKED_HEIGHT = 320;

/** The page's colours, as the system has them. */
export const darkness = matchMedia('(prefers-color-scheme: dark)');

export function currentTheme(): Theme {
  return darkness.matches ? DARK : LIGHT;
}

/** Draws into an element. Whatever was drawn there before is replaced. */
export class Chart {
  private chart: EChartsType | undefined;

  constructor(
    readonly element: HTMLElement,
    readonly figures: GranularityFigures,
    private readonly experiment: string,
  ) {}

  /** An element that is not shown has no width, and is drawn once it is. */
  draw(view: View): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    const drawing = this.compose(view, width);
    this.element.style.height = `${drawing.height}px`;
    this.chart ??= init(this.element, null, { renderer: 'svg' });
    this.chart.resize({ width, height: drawing.height });
    this.chart.setOption(drawing.option, { notMerge: true });
  }

  /** Number of the points along the first line, which the keyboard steps through. */
  countPoints(): number {
    const { training, costs = [] } = this.figures;
    const cost = costs.find(({ kind }) => kind === this.kind);
    const lines =
      this.kind === 'accuracy' ? this.accuracy?.lines : this.kind === 'training' ? training : cost?.lines;
    return Math.max(0, ...(lines ?? []).map(({ points }) => points.length));
  }

  /** Shows what the lines have at a point, as pointing there would. @returns it as text */
  point(index: number): string {
    this.chart?.dispatchAction({ type: 'showTip', seriesIndex: this.longestSeries(), dataIndex: index });
    return this.element.querySelector<HTMLElement>('.reading-box')?.innerText.replaceAll('■', '') ?? '';
  }

  leave(): void {
    this.chart?.dispatchAction({ type: 'hideTip' });
  }

  dispose(): void {
    this.chart?.dispose();
  }

  get kind(): string {
    return this.element.dataset.chart ?? '';
  }

  /** Under the evaluation that the element is for. */
  private get accuracy(): AccuracyFigure | undefined {
    const { evaluation: wanted } = this.element.dataset;
    return this.figures.accuracy.find(({ evaluation }) => evaluation === wanted);
  }

  private longestSeries(): number {
    const series = (this.chart?.getOption().series ?? []) as { type?: string; data?: unknown[] }[];
    const lengths = series.map(({ type, data }) => (type === 'line' ? (data?.length ?? 0) : 0));
    return Math.max(0, lengths.indexOf(Math.max(...lengths)));
  }

  private compose(view: View, width: number): Drawing {
    const theme = currentTheme();
    const { granularity, training, weights, layers } = this.figures;
    const { accuracy } = this;
    // Charts show different methods while runs go on: hiding may leave one without any, and axes need some.
    const choose = <T extends Line>(lines: readonly T[]): readonly T[] => {
      const shown = lines.filter(({ heading }) => !view.hidden.has(heading));
      return shown.length > 0 ? shown : lines;
    };
    const look = (height: number): Look => ({ theme, width, height, isAlone: false });
    const names = [this.experiment, granularity] as const;
    if (this.kind === 'accuracy' && accuracy !== undefined) {
      const lines = choose(accuracy.lines);
      const option = chartAccuracy(...names, { ...accuracy, lines }, look(HEIGHT), view);
      return {
        height: HEIGHT,
        option: { ...option, tooltip: tooltipOf('axis', theme, describeAccuracy(lines, view, theme)) },
      };
    }
    if (this.kind === 'training') {
      const lines = choose(training);
      const panels = listPanels(lines);
      const height = isStacked(panels, width) ? panels.length * STACKED_HEIGHT : HEIGHT;
      const option = chartTraining(...names, lines, look(height));
      return {
        height,
        option: { ...option, tooltip: tooltipOf('axis', theme, describeTraining(lines, theme)) },
      };
    }
    if (this.kind === 'weights' && weights !== undefined) {
      const shown = { ...weights, panels: choose(weights.panels) };
      const height = weightsHeight(...names, shown, { width, isAlone: false });
      const option = chartWeights(...names, shown, look(height));
      return {
        height,
        option: { ...option, tooltip: tooltipOf('axis', theme, describeWeights(shown, theme)) },
      };
    }
    if (this.kind === 'layers' && layers !== undefined) {
      const shown = { ...layers, rows: choose(layers.rows) };
      const height = layersHeight(...names, shown, { width, isAlone: false });
      const option = chartLayers(...names, shown, look(height));
      return {
        height,
        option: { ...option, tooltip: tooltipOf('item', theme, describeLayers(shown, theme)) },
      };
    }
    const cost = this.figures.costs?.find(({ kind }) => kind === this.kind);
    if (cost !== undefined) {
      const shown = { ...cost, lines: choose(cost.lines) };
      const option = chartCosts(...names, shown, look(HEIGHT));
      return {
        height: HEIGHT,
        option: { ...option, tooltip: tooltipOf('item', theme, describeCosts(shown, theme)) },
      };
    }
    const grid = this.kind === 'grid' ? this.figures.grids?.[Number(this.element.dataset.grid)] : undefined;
    if (grid !== undefined) {
      const height = gridHeight(this.experiment, grid, { width, isAlone: false });
      const option = chartGrid(this.experiment, grid, look(height));
      return { height, option: { ...option, tooltip: tooltipOf('item', theme, describeGrid(grid, theme)) } };
    }
    return { height: 0, option: {} };
  }
}
