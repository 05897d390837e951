/** @file Fills tables and figures of docs/results.md from committed sweeps. The text around them is written by hand. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { collectAccuracy } from '../src/figures/collect-curves.ts';
import { drawSvg } from '../src/figures/draw.ts';
import { listMethods } from '../src/figures/group-methods.ts';
import { listFigures } from '../src/figures/list-figures.ts';
import type { Granularity } from '../src/pruning/types.ts';
import { DENSE_VIEW } from '../src/sweeps/evaluations.ts';
import { renderMarkdown } from '../src/tables/formats/markdown.ts';
import { buildMethodTable, type MethodTable } from '../src/tables/method-table.ts';
import { readPublished } from '../src/tables/paper/published.ts';
import { readSwept } from '../src/tables/swept-experiment.ts';

const ROOT = join(import.meta.dirname, '..');

export const PAGE = join(ROOT, 'docs/results.md');
export const BASELINE = join(ROOT, 'results/baseline');

/** Beside the page. */
export const FIGURES = 'figures';

/** Methods side by side where each has three columns: more do not fit a page. */
const METHODS_ACROSS = 4;

/** `<!-- table mnist-mlp weight -->`, or with `paper` for the published numbers beside ours, up to the end marker. */
const BLOCK =
  /<!-- table (?<experiment>[a-z0-9._-]+) (?<granularity>weight|unit)(?<paper> paper)? -->\n[\s\S]*?<!-- end of table -->/gi;

interface Marked {
  readonly experiment: string;
  readonly granularity: Granularity;
  readonly paper?: string;
}

/**
 * The page with each table as `<experiment>.csv` has it, in the words of `td table --format md`, below a link to its figure.
 *
 * @param baseline folder of the sweeps
 * @throws Error if a marker is malformed or has no end
 * @throws UserError if a sweep is malformed
 */
export function refreshPage(page: string, baseline: string): string {
  let filled = 0;
  const refreshed = page.replace(BLOCK, (block: string, ...matched: unknown[]) => {
    filled++;
    const [marker] = block.split('\n', 1);
    return `${marker}\n\n${renderTable(baseline, matched.at(-1) as Marked)}\n\n<!-- end of table -->`;
  });
  const markers = page.match(/<!-- (end of )?table/g)?.length ?? 0;
  if (markers === 2 * filled) return refreshed;
  throw new Error(
    'a marker is malformed, expected <!-- table NAME weight --> or <!-- table NAME unit paper -->, each with an end',
  );
}

/**
 * Accuracy against prune rate, for each table of the page: SVG by file name.
 *
 * @throws UserError if a sweep is malformed
 */
export function drawPageFigures(page: string, baseline: string): ReadonlyMap<string, string> {
  const marked = [...page.matchAll(BLOCK)].map(({ groups }) => groups as unknown as Marked);
  const swept = marked.filter(({ experiment }) => existsSync(sweepOf(baseline, experiment)));
  return new Map(swept.map((place) => [figureOf(place), drawFigure(baseline, place)]));
}

function drawFigure(baseline: string, { experiment, granularity }: Marked): string {
  const source = { ...readSwept(sweepOf(baseline, experiment), DENSE_VIEW), runs: [], passedOver: [] };
  const accuracy = collectAccuracy(listMethods(source, granularity), granularity);
  const [figure] = listFigures({ experiment, granularities: [{ granularity, accuracy, training: [] }] });
  if (figure === undefined) throw new Error(`the sweep of ${experiment} has no row of ${granularity}s`);
  return drawSvg(figure);
}

function renderTable(baseline: string, place: Marked): string {
  const { experiment, granularity, paper } = place;
  const path = sweepOf(baseline, experiment);
  if (!existsSync(path)) return `*There is no committed sweep of ${experiment} yet.*`;
  const published = paper === undefined ? undefined : readPublished();
  const table = buildMethodTable({ ...readSwept(path, DENSE_VIEW), granularity, published });
  const parts = published === undefined ? [table] : splitTable(table);
  const picture = `![${experiment}: test accuracy after pruning ${granularity}s](${FIGURES}/${figureOf(place)})`;
  return `${picture}\n\n${renderMarkdown(parts, { width: Number.POSITIVE_INFINITY, bold: false })}`;
}

/** Some methods at a time; the notes are those of all, and stand under the last. */
function splitTable(table: MethodTable): MethodTable[] {
  const count = Math.ceil(table.columns.length / METHODS_ACROSS);
  return Array.from({ length: count }, (_, part) => ({
    ...table,
    columns: table.columns.slice(part * METHODS_ACROSS, (part + 1) * METHODS_ACROSS),
    notes: part === count - 1 ? table.notes : [],
  }));
}

function sweepOf(baseline: string, experiment: string): string {
  return join(baseline, `${experiment}.csv`);
}

function figureOf({ experiment, granularity }: Marked): string {
  return `${experiment}-${granularity}.svg`;
}
