/** @file Sparsity a layer: as training left it, and after pruning. */
import type { EChartsOption, HeatmapSeriesOption } from 'echarts';
import { formatRate } from '../../format.ts';
import type { Granularity } from '../../pruning/types.ts';
import type { LayerFigure, LayerRow } from '../types.ts';
import { axisStyle, baseOption, FONT_SIZE, type Look, TITLE_HEIGHT, titleOf } from './parts.ts';

/** Pixels. */
const ROW_HEIGHT = 26;
const PANEL_TITLE = 24;
const RIGHT = 16;
const GAP = 24;
/** Narrower cells have no room for their number, or for their layer's name written upwards. */
const LEAST_CELL = 38;
const LEAST_NAMED_CELL = 13;
/** Side by side below it, the two panels would have no room for a name of a layer. */
const LEAST_PANEL = 240;
/** Of a letter, on average. */
const LETTER = FONT_SIZE * 0.52;

/** Height in pixels that the figure needs at this width. */
export function layersHeight(figure: LayerFigure, look: Pick<Look, 'width' | 'isAlone'>): number {
  const { top, panelHeight, isStacked } = layOut(figure, look);
  return top - PANEL_TITLE + (isStacked ? 2 : 1) * panelHeight;
}

export function chartLayers(
  experiment: string,
  granularity: Granularity,
  figure: LayerFigure,
  look: Look,
): EChartsOption {
  const { rate, layers, rows } = figure;
  const { places, width, cellWidth, isUpright } = layOut(figure, look);
  const titles = ['zero or nearly, as trained', `zero after pruning ${formatRate(rate)}`] as const;
  const label = axisStyle(look, '', 0).axisLabel;
  const { text, ramp } = look.theme;
  const title = `${experiment}: sparsity of each layer, ${granularity}s`;
  return {
    ...baseOption(look),
    title: [
      titleOf(look, title, 'nearly: below a tenth of the root mean square of the layer'),
      ...places.map(({ left, top }, panel) => ({
        text: titles[panel] ?? '',
        left: left - 5,
        top: top - PANEL_TITLE,
        textStyle: { fontSize: FONT_SIZE, fontWeight: 'bold' as const, color: text },
      })),
    ],
    grid: places.map(({ left, top }) => ({
      ...{ left, top, width },
      height: rows.length * ROW_HEIGHT,
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
      axisLabel: { ...label, color: text, show: hasNames, interval: 0 },
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
      top: look.isAlone ? 30 : 0,
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
function layOut({ layers, rows }: LayerFigure, look: Pick<Look, 'width' | 'isAlone'>) {
  const widest = (names: readonly string[]) => Math.max(0, ...names.map(({ length }) => length)) * LETTER;
  const left = Math.ceil(widest(rows.map(({ heading }) => heading))) + 22;
  const whole = look.width - left - RIGHT;
  const half = (whole - GAP) / 2;
  const isStacked = half < Math.max(LEAST_PANEL, layers.length * LEAST_NAMED_CELL);
  const width = isStacked ? whole : half;
  const cellWidth = width / Math.max(1, layers.length);
  const isUpright = widest(layers) + 6 > cellWidth;
  const bottom = isUpright ? widest(layers) + 24 : 36;
  const panelHeight = Math.ceil(PANEL_TITLE + rows.length * ROW_HEIGHT + bottom);
  const top = (look.isAlone ? TITLE_HEIGHT + 4 : 4) + PANEL_TITLE;
  const places = [0, 1].map((panel) => ({
    left: isStacked ? left : left + panel * (width + GAP),
    top: isStacked ? top + panel * panelHeight : top,
    hasNames: isStacked || panel === 0,
  }));
  return { top, places, width, cellWidth, panelHeight, isStacked, isUpright };
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
