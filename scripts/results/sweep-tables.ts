/** @file The table and the figure of one sweep: methods down, prune rates across, the paper's numbers below ours. */
import { collectAccuracyFigure } from '../../src/figures/collect-curves.ts';
import { drawSvg } from '../../src/figures/draw.ts';
import { listMethods } from '../../src/figures/group-methods.ts';
import { listFigures } from '../../src/figures/list-figures.ts';
import { formatPoints, formatRate } from '../../src/format.ts';
import type { Granularity } from '../../src/pruning/types.ts';
import {
  describeView,
  type EvaluationView,
  includesDense,
  labelView,
  noteView,
  suffixOf,
} from '../../src/sweeps/evaluations.ts';
import { formatCell } from '../../src/tables/cell.ts';
import { escapeMarkdown } from '../../src/tables/formats/markdown.ts';
import { buildMethodTable, type MethodColumn, type MethodTable } from '../../src/tables/method-table.ts';
import { readPublished } from '../../src/tables/paper/published.ts';
import type { Baselines } from './baselines.ts';
import { renderTable } from './claim-tables.ts';

/** A table of the page. */
export interface TablePlace {
  readonly experiment: string;
  readonly granularity: Granularity;
  readonly view: EvaluationView;
  /** Whether the published numbers stand below ours. */
  readonly hasPaper: boolean;
}

/** Marks a method whose every cell rests on one seed. */
const ONE_SEED = '¹';

/** The table with its title and notes, below a link to its figure; a sentence if there is nothing committed. */
export function renderSweep(place: TablePlace, baselines: Baselines, figures: string): string {
  const { experiment, granularity, view, hasPaper } = place;
  const name = `${experiment}${labelView(view)}`;
  const swept = baselines.findView(experiment, view);
  const rows = swept?.rows.filter((row) => row.granularity === granularity) ?? [];
  if (swept === undefined || rows.length === 0)
    return `*There is no committed sweep of ${escapeMarkdown(name)}, ${granularity}s pruned, yet.*`;
  const published = hasPaper ? readPublished() : undefined;
  const table = buildMethodTable({ ...swept, rows: swept.rows, granularity, published });
  // The title names it.
  const named = includesDense([view]) ? noteView(view, rows) : [];
  const own = table.notes.filter((note) => !named.includes(note));
  const notes = [...listGaps(place, baselines), ...own].map((note) => `* ${escapeMarkdown(note)}`);
  const hasSingle = table.columns.some(isOfOneSeed);
  return [
    `![${escapeMarkdown(name)}: test accuracy after pruning ${granularity}s](${figures}/${figureNameOf(place)})`,
    `${escapeMarkdown(name)}: test accuracy in percent, ${granularity}s pruned; evaluation: ${describeView(view)}; mean ± sd over n seeds, or over as many as stand in the cell, bold: best of the rate` +
      (hasSingle ? `; ${ONE_SEED} one seed: how far others would lie is not known` : ''),
    renderMethods(table),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ].join('\n\n');
}

function renderMethods({ columns, rates }: MethodTable): string {
  const rows = columns.flatMap((column) => {
    const mark = isOfOneSeed(column) ? ` ${ONE_SEED}` : '';
    const most = seedsOf(column).at(-1);
    const own = column.cells.map(({ own: cell, isBest }) => {
      const isOfFewer = cell !== undefined && cell.seeds !== most;
      const text = `${formatCell(cell)}${isOfFewer ? ` (n = ${cell.seeds})` : ''}`;
      return isBest ? `**${text}**` : text;
    });
    const published = column.cells.map(({ published: number }) =>
      number === undefined ? '' : `*${formatPoints(number.accuracy)}*`,
    );
    const line = [`${escapeMarkdown(column.heading)}${mark}`, String(most ?? ''), ...own];
    return column.hasPublished ? [line, ['*paper*', '', ...published]] : [line];
  });
  return renderTable(['method', 'n', ...rates.map(formatRate)], rows);
}

/** Numbers of seeds that cells rest on, in rising order. */
function seedsOf({ cells }: MethodColumn): number[] {
  return [...new Set(cells.flatMap(({ own }) => (own === undefined ? [] : [own.seeds])))].sort(
    (a, b) => a - b,
  );
}

function isOfOneSeed(column: MethodColumn): boolean {
  return seedsOf(column).every((seeds) => seeds === 1);
}

/** Variants of the sweep that have no row of this evaluation: a table must not leave them out in silence. */
function listGaps({ experiment, granularity, view }: TablePlace, baselines: Baselines): string[] {
  const variantsOf = (swept: ReturnType<Baselines['find']>) =>
    new Set(swept?.rows.filter((row) => row.granularity === granularity).map(({ variant }) => variant));
  const shown = variantsOf(baselines.findView(experiment, view));
  const lacking = [...variantsOf(baselines.find(experiment))].filter((variant) => !shown.has(variant));
  return lacking.length === 0 ? [] : [`Not measured under this evaluation: ${lacking.join(', ')}.`];
}

/** The figure as SVG; nothing if there is nothing committed. */
export function drawSweep(place: TablePlace, baselines: Baselines): string | undefined {
  const { experiment, granularity, view } = place;
  const swept = baselines.findView(experiment, view);
  if (!swept?.rows.some((row) => row.granularity === granularity)) return undefined;
  const source = { ...swept, runs: [], leftOut: [], passedOver: [] };
  const accuracy = collectAccuracyFigure(listMethods(source, granularity), granularity, view);
  const [figure] = listFigures({ experiment, granularities: [{ granularity, accuracy, training: [] }] });
  return figure && drawSvg(figure);
}

/** `mnist-mlp-weight.svg`, `quick-cifar-resnet-unit-recalibrated.svg` */
export function figureNameOf({ experiment, granularity, view }: TablePlace): string {
  return `${experiment}-${granularity}${suffixOf(view)}.svg`;
}
