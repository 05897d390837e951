/** @file Where the weights lie: a histogram of magnitudes for each method, what pruning removes set off from the rest. */
import type { BarSeriesOption, EChartsOption, TitleComponentOption } from 'echarts';
import { formatRate } from '../../format.ts';
import type { Granularity } from '../../pruning/types.ts';
import type { WeightFigure, WeightPanel } from '../types.ts';
import { axisStyle, baseOption, FONT_SIZE, type Look, type Title, titleHeight, titleOf } from './parts.ts';
import { wrapText } from './text.ts';

/** Pixels. */
const PANEL_WIDTH = 250;
const PANEL_HEIGHT = 150;
const PANEL_GAP = 34;
const LEFT = 58;
const BOTTOM = 50;
/** A bar below it is thinner than a line. */
const LEAST_SHARE = 0.0005;
/** Between two lines behind the bars. */
const SHARE_STEPS = [0.01, 0.02, 0.05, 0.1, 0.2];
/** Above the panels, for the legend. */
const LEGEND_HEIGHT = 26;

const PANEL_FONT = { size: FONT_SIZE, lineHeight: 17, isBold: true };
const PANEL_NOTE_FONT = { size: FONT_SIZE - 1, lineHeight: 15 };

/** Height in pixels that the figure needs at this width. */
export function weightsHeight(
  experiment: string,
  granularity: Granularity,
  figure: WeightFigure,
  look: Pick<Look, 'width' | 'isAlone'>,
): number {
  return layOut(titleWeights(experiment, granularity, figure), figure.panels, look).height;
}

function titleWeights(experiment: string, granularity: Granularity, { panels }: WeightFigure): Title {
  const seeds = [...new Set(panels.map(({ seed }) => seed))].join(', ');
  return {
    text: `${experiment}: where the ${nameWeights(granularity)} lie`,
    subtext: `trained networks, seed ${seeds}; all prunable layers count alike`,
  };
}

function nameWeights(granularity: Granularity): string {
  return granularity === 'unit' ? "units' norms" : 'weights';
}

export function chartWeights(
  experiment: string,
  granularity: Granularity,
  figure: WeightFigure,
  look: Look,
): EChartsOption {
  const { rate, binWidth, panels } = figure;
  const { highest, interval } = chooseShares(panels);
  const title = titleWeights(experiment, granularity, figure);
  const { places, inner } = layOut(title, panels, look);
  const what = nameWeights(granularity);
  const bins = countBins(panels, binWidth);
  return {
    ...baseOption(look),
    title: [titleOf(look, title), ...places.map((place) => titlePanel(place, look))],
    legend: {
      top: look.isAlone ? titleHeight(title, look.width) : 0,
      left: LEFT,
      itemWidth: 16,
      itemHeight: 11,
      selectedMode: false,
      textStyle: { color: look.theme.text, fontSize: FONT_SIZE },
      data: seriesNames(rate),
    },
    grid: places.map(({ left, top }) => ({ left, top, width: inner, height: PANEL_HEIGHT - PANEL_GAP })),
    xAxis: places.map(({ isLast }, gridIndex) =>
      binAxis(look, { gridIndex, isLast }, labelBins(panels, bins, binWidth), binWidth),
    ),
    yAxis: places.map(({ isFirst }, gridIndex) => {
      const style = axisStyle(
        look,
        isFirst ? `share of ${what === 'weights' ? 'weights' : 'units'}` : '',
        44,
      );
      const axisLabel = { ...style.axisLabel, show: isFirst, formatter: formatRate };
      return { ...style, gridIndex, type: 'value', min: 0, max: highest, axisLabel, interval };
    }),
    series: panels.flatMap((panel, index) => drawPanel(panel, index, { rate, bins }, look)),
  };
}

/** Up to the first whole number beyond which no panel has a bar that could be seen. */
function countBins(panels: readonly WeightPanel[], binWidth: number): number {
  const all = panels[0]?.kept.length ?? 0;
  const isSeen = ({ removed, kept }: WeightPanel, bin: number) =>
    (removed[bin] ?? 0) + (kept[bin] ?? 0) > LEAST_SHARE;
  const last = Math.max(
    0,
    ...panels.flatMap((panel) => panel.kept.flatMap((_, bin) => (isSeen(panel, bin) ? [bin] : []))),
  );
  const perUnit = Math.round(1 / binWidth);
  return Math.min(all, Math.ceil((last + 1) / perUnit) * perUnit + 1);
}

/** Two for all panels: what pruning removes, and what it leaves. */
function seriesNames(rate: number): [string, string] {
  return [`removed at ${formatRate(rate)}`, 'kept'];
}

function drawPanel(
  { removed, kept }: WeightPanel,
  index: number,
  { rate, bins }: { readonly rate: number; readonly bins: number },
  { theme }: Look,
): BarSeriesOption[] {
  const [removedName, keptName] = seriesNames(rate);
  const bars = (name: string, data: readonly number[], color: string): BarSeriesOption => ({
    type: 'bar',
    name,
    stack: `panel ${index}`,
    xAxisIndex: index,
    yAxisIndex: index,
    data: data.slice(0, bins),
    barWidth: '100%',
    color,
    itemStyle: { color, borderColor: theme.background, borderWidth: 0.5 },
    emphasis: { disabled: true },
  });
  return [bars(removedName, removed, theme.removed), bars(keptName, kept, theme.kept)];
}

/** Lower ends of the bins; the last one of all has no upper end. */
function labelBins([panel]: readonly WeightPanel[], bins: number, binWidth: number): string[] {
  return Array.from({ length: bins }, (_, bin) => {
    const lower = String(Math.round(bin * binWidth * 100) / 100);
    return bin + 1 === panel?.kept.length ? `${lower} +` : lower;
  });
}

function binAxis(
  look: Look,
  { gridIndex, isLast }: { readonly gridIndex: number; readonly isLast: boolean },
  labels: readonly string[],
  binWidth: number,
) {
  const name = 'magnitude / root mean square of the layer';
  const style = axisStyle(look, isLast ? name : '', 28);
  const perUnit = Math.round(1 / binWidth);
  const isWhole = (index: number) => index % perUnit === 0;
  return {
    ...style,
    gridIndex,
    type: 'category' as const,
    data: [...labels],
    axisTick: { ...style.axisTick, interval: isWhole, alignWithLabel: true },
    axisLabel: { ...style.axisLabel, interval: isWhole },
    splitLine: { show: false },
  };
}

/** What stands above a panel, in lines of its width. */
interface PanelTitle {
  readonly text: readonly string[];
  readonly subtext: readonly string[];
  /** Pixels. */
  readonly height: number;
}

interface PanelPlace {
  readonly title: PanelTitle;
  /** Of the plot, in pixels. */
  readonly left: number;
  readonly top: number;
  /** Whether it is the first of its row, and the last of its column. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Rows of panels, each as high as its longest title asks for. */
function layOut(
  title: Title,
  panels: readonly WeightPanel[],
  { width, isAlone }: Pick<Look, 'width' | 'isAlone'>,
) {
  const columns = columnsAt(width);
  const inner = (width - LEFT - 16 - (columns - 1) * PANEL_GAP) / columns;
  const { highest } = chooseShares(panels);
  const titles = panels.map((panel) => wrapPanelTitle(panel, highest, inner + 10));
  const places: PanelPlace[] = [];
  let bottom = (isAlone ? titleHeight(title, width) : 0) + LEGEND_HEIGHT;
  for (let start = 0; start < panels.length; start += columns) {
    const row = titles.slice(start, start + columns);
    const top = bottom + Math.max(...row.map(({ height }) => height));
    row.forEach((own, column) => {
      const left = LEFT + column * (inner + PANEL_GAP);
      const isLast = start + column + columns >= panels.length;
      places.push({ title: own, left, top, isFirst: column === 0, isLast });
    });
    bottom = top + PANEL_HEIGHT;
  }
  return { places, inner, height: bottom + BOTTOM };
}

function wrapPanelTitle(
  { heading, removed, kept, removedNorm }: WeightPanel,
  highest: number,
  width: number,
): PanelTitle {
  const first = (removed[0] ?? 0) + (kept[0] ?? 0);
  const cut = first > highest ? `; first bar ${formatRate(Math.round(first * 1000) / 1000)}` : '';
  const note = `${formatRate(Math.round(removedNorm * 1000) / 1000)} of the squared norm removed${cut}`;
  const text = wrapText(heading, width, PANEL_FONT);
  const subtext = wrapText(note, width, PANEL_NOTE_FONT);
  const height = text.length * PANEL_FONT.lineHeight + subtext.length * PANEL_NOTE_FONT.lineHeight + 12;
  return { text, subtext, height };
}

function titlePanel({ title, left, top }: PanelPlace, { theme }: Look): TitleComponentOption {
  return {
    text: title.text.join('\n'),
    subtext: title.subtext.join('\n'),
    left: left - 5,
    top: top - title.height,
    itemGap: 2,
    textStyle: {
      fontSize: PANEL_FONT.size,
      lineHeight: PANEL_FONT.lineHeight,
      fontWeight: 'bold',
      color: theme.text,
    },
    subtextStyle: {
      fontSize: PANEL_NOTE_FONT.size,
      lineHeight: PANEL_NOTE_FONT.lineHeight,
      color: theme.quietText,
    },
  };
}

/** Of all bars but the first of each panel: a network that is nearly all zeros would leave no height for the others. */
function chooseShares(panels: readonly WeightPanel[]): { highest: number; interval: number } {
  const heights = panels.flatMap(({ removed, kept }) =>
    kept.map((share, bin) => share + (removed[bin] ?? 0)).slice(1),
  );
  const needed = 1.1 * Math.max(0.01, ...heights);
  const interval = SHARE_STEPS.find((step) => 4 * step >= needed) ?? 0.25;
  return { highest: interval * Math.ceil(needed / interval), interval };
}

function columnsAt(width: number): number {
  return Math.max(1, Math.min(3, Math.floor(width / PANEL_WIDTH)));
}
