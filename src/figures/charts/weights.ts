/** @file Where the weights lie: a histogram of magnitudes for each method, what pruning removes set off from the rest. */
import type { BarSeriesOption, EChartsOption, TitleComponentOption } from 'echarts';
import { formatRate } from '../../format.ts';
import type { Granularity } from '../../pruning/types.ts';
import type { WeightFigure, WeightPanel } from '../types.ts';
import { axisStyle, baseOption, FONT_SIZE, type Look, TITLE_HEIGHT, titleOf } from './parts.ts';

/** Pixels. */
const PANEL_WIDTH = 250;
const PANEL_HEIGHT = 150;
const PANEL_TITLE = 44;
const PANEL_GAP = 34;
const LEFT = 58;
const BOTTOM = 50;
/** A bar below it is thinner than a line. */
const LEAST_SHARE = 0.0005;
/** Between two lines behind the bars. */
const SHARE_STEPS = [0.01, 0.02, 0.05, 0.1, 0.2];
/** Above the panels, for the legend. */
const LEGEND_HEIGHT = 26;

/** Height in pixels that the panels need at this width. */
export function weightsHeight(panels: number, { width, isAlone }: Pick<Look, 'width' | 'isAlone'>): number {
  const rows = Math.ceil(panels / columnsAt(width));
  return topOf(isAlone) + rows * (PANEL_TITLE + PANEL_HEIGHT) + BOTTOM;
}

export function chartWeights(
  experiment: string,
  granularity: Granularity,
  { rate, binWidth, panels }: WeightFigure,
  look: Look,
): EChartsOption {
  const columns = columnsAt(look.width);
  const inner = (look.width - LEFT - 16 - (columns - 1) * PANEL_GAP) / columns;
  const { highest, interval } = chooseShares(panels);
  const places = panels.map((_, index) => ({
    left: LEFT + (index % columns) * (inner + PANEL_GAP),
    top: topOf(look.isAlone) + Math.floor(index / columns) * (PANEL_TITLE + PANEL_HEIGHT) + PANEL_TITLE,
    isFirst: index % columns === 0,
    isLast: index + columns >= panels.length,
  }));
  const what = granularity === 'unit' ? "units' norms" : 'weights';
  const title = `${experiment}: where the ${what} lie`;
  const seeds = [...new Set(panels.map(({ seed }) => seed))].join(', ');
  const bins = countBins(panels, binWidth);
  return {
    ...baseOption(look),
    title: [
      titleOf(look, title, `trained networks, seed ${seeds}; all prunable layers count alike`),
      ...panels.map((panel, index) => titlePanel(panel, highest, places[index], look)),
    ],
    legend: {
      top: look.isAlone ? TITLE_HEIGHT : 0,
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

function titlePanel(
  { heading, removed, kept, removedNorm }: WeightPanel,
  highest: number,
  place: { readonly left: number; readonly top: number } | undefined,
  { theme }: Look,
): TitleComponentOption {
  const first = (removed[0] ?? 0) + (kept[0] ?? 0);
  const cut = first > highest ? `; first bar ${formatRate(Math.round(first * 1000) / 1000)}` : '';
  return {
    text: heading,
    subtext: `${formatRate(Math.round(removedNorm * 1000) / 1000)} of the squared norm removed${cut}`,
    left: (place?.left ?? 0) - 5,
    top: (place?.top ?? 0) - PANEL_TITLE,
    itemGap: 2,
    textStyle: { fontSize: FONT_SIZE, lineHeight: 17, fontWeight: 'bold', color: theme.text },
    subtextStyle: { fontSize: FONT_SIZE - 1, lineHeight: 15, color: theme.quietText },
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

function topOf(isAlone: boolean): number {
  return (isAlone ? TITLE_HEIGHT : 0) + LEGEND_HEIGHT;
}
