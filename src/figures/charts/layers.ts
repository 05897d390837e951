/** @file Sparsity a layer: as training left it, and after pruning. */
import type { EChartsOption, HeatmapSeriesOption } from 'echarts';
import { formatRate } from '../../format.ts';
import type { Granularity } from '../../pruning/types.ts';
import type { LayerFigure, LayerRow } from '../types.ts';
import {
  axisStyle,
  baseOption,
  FONT_SIZE,
  LABEL_FONT,
  type Look,
  type Title,
  titleHeight,
  titleOf,
} from './parts.ts';
import { measureWidest, wrapText } from './text.ts';

/** Pixels, of a row whose name takes one line. */
const ROW_HEIGHT = 26;
const PANEL_TITLE = 24;
const RIGHT = 16;
const GAP = 24;
/** Narrower cells have no room for their number, or for their layer's name written upwards. */
const LEAST_CELL = 38;
const LEAST_NAMED_CELL = 13;
/** Side by side below it, the two panels would have no room for a name of a layer. */
const LEAST_PANEL = 240;
/** Of the width, what names of methods take at most. */
const MOST_NAMES = 0.4;

/** Height in pixels that the figure needs at this width. */
export function layersHeight(
  experiment: string,
  granularity: Granularity,
  figure: LayerFigure,
  look: Pick<Look, 'width' | 'isAlone'>,
): number {
  const { top, panelHeight, isStacked } = layOut(titleLayers(experiment, granularity), figure, look);
  return top - PANEL_TITLE + (isStacked ? 2 : 1) * panelHeight;
}

function titleLayers(experiment: string, granularity: Granularity): Title {
  return {
    text: `${experiment}: sparsity of each layer, ${granularity}s`,
    subtext: 'nearly: below a tenth of the root mean square of the layer',
  };
}

export function chartLayers(
  experiment: string,
  granularity: Granularity,
  figure: LayerFigure,
  look: Look,
): EChartsOption {
  const { rate, layers, rows } = figure;
  const title = titleLayers(experiment, granularity);
  const { places, width, rowHeight, names, cellWidth, isUpright } = layOut(title, figure, look);
  const titles = ['zero or nearly, as trained', `zero after pruning ${formatRate(rate)}`] as const;
  const label = axisStyle(look, '', 0).axisLabel;
  const { text, ramp } = look.theme;
  return {
    ...baseOption(look),
    title: [
      titleOf(look, title),
      ...places.map(({ left, top }, panel) => ({
        text: titles[panel] ?? '',
        left: left - 5,
        top: top - PANEL_TITLE,
        textStyle: { fontSize: FONT_SIZE, fontWeight: 'bold' as const, color: text },
      })),
    ],
    grid: places.map(({ left, top }) => ({
      ...{ left, top, width },
      height: rows.length * rowHeight,
      outerBoundsMode: 'none',
    })),
    xAxis: places.map((_, gridIndex) => ({
      ...categoryAxis(look, gridIndex),
      data: [...layers],
      axisLabel: {
        ...label,
        interval: cellWidth < LEAST_NAMED_CELL ? 'auto' : 0,
        rotate: isUpright ? 90 : 0,
      },
    })),
    yAxis: places.map(({ hasNames }, gridIndex) => ({
      ...categoryAxis(look, gridIndex),
      inverse: true,
      data: rows.map(({ heading }) => heading),
      axisLabel: {
        ...label,
        ...{ color: text, show: hasNames, interval: 0, lineHeight: LABEL_FONT.lineHeight },
        formatter: (_: string, row: number) => names[row]?.join('\n') ?? '',
      },
    })),
    visualMap: {
      type: 'continuous',
      dimension: 2,
      min: 0,
      max: 1,
      inRange: { color: [...ramp] },
      // Cells that have no room for their numbers need a scale.
      show: cellWidth < LEAST_CELL,
      orient: 'horizontal',
      right: RIGHT,
      top: look.isAlone ? titleHeight(title, look.width) - 28 : 0,
      itemWidth: 12,
      itemHeight: 100,
      text: ['100 %', '0 %'],
      textStyle: { color: text, fontSize: FONT_SIZE - 1 },
    },
    series: [
      drawCells(rows, 'asTrained', titles[0], 0, cellWidth, look),
      drawCells(rows, 'pruned', titles[1], 1, cellWidth, look),
    ],
  };
}

/** Two panels, side by side where there is room, with the names of methods at the left and of layers below. */
function layOut(title: Title, { layers, rows }: LayerFigure, look: Pick<Look, 'width' | 'isAlone'>) {
  const names = rows.map(({ heading }) => wrapText(heading, MOST_NAMES * look.width, LABEL_FONT));
  const lines = Math.max(1, ...names.map(({ length }) => length));
  const rowHeight = Math.max(ROW_HEIGHT, lines * LABEL_FONT.lineHeight + 4);
  const left = Math.ceil(measureWidest(names.flat(), LABEL_FONT)) + 22;
  const whole = look.width - left - RIGHT;
  const half = (whole - GAP) / 2;
  const isStacked = half < Math.max(LEAST_PANEL, layers.length * LEAST_NAMED_CELL);
  const width = isStacked ? whole : half;
  const cellWidth = width / Math.max(1, layers.length);
  const widest = measureWidest(layers, LABEL_FONT);
  const isUpright = widest + 6 > cellWidth;
  const bottom = isUpright ? widest + 24 : 36;
  const panelHeight = Math.ceil(PANEL_TITLE + rows.length * rowHeight + bottom);
  const top = (look.isAlone ? titleHeight(title, look.width) + 4 : 4) + PANEL_TITLE;
  const places = [0, 1].map((panel) => ({
    left: isStacked ? left : left + panel * (width + GAP),
    top: isStacked ? top + panel * panelHeight : top,
    hasNames: isStacked || panel === 0,
  }));
  return { top, places, width, rowHeight, names, cellWidth, panelHeight, isStacked, isUpright };
}

function drawCells(
  rows: readonly LayerRow[],
  value: 'asTrained' | 'pruned',
  name: string,
  index: number,
  cellWidth: number,
  { theme }: Look,
): HeatmapSeriesOption {
  const data = rows.flatMap((row, rowIndex) =>
    row[value].flatMap((share, layer) => {
      if (share === null) return [];
      const color = theme.rampText[share > 0.55 ? 1 : 0];
      return [{ value: [layer, rowIndex, share], label: { color } }];
    }),
  );
  return {
    type: 'heatmap',
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    data,
    label: {
      show: cellWidth >= LEAST_CELL,
      fontSize: FONT_SIZE - 1,
      formatter: ({ value: cell }) => formatRate(Math.round(Number((cell as number[])[2]) * 1000) / 1000),
    },
    itemStyle: { borderColor: theme.background, borderWidth: 1 },
    emphasis: { disabled: true },
  };
}

function categoryAxis(look: Look, gridIndex: number) {
  const style = axisStyle(look, '', 0);
  return {
    ...style,
    gridIndex,
    type: 'category' as const,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: false },
  };
}
