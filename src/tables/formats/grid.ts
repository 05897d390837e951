/** @file Writes a table of methods as a grid of text. */
import { formatPoints, formatRate } from '../../format.ts';
import { type Cell, formatCell } from '../cell.ts';
import type { MethodCell, MethodColumn, MethodTable } from '../method-table.ts';
import type { Grid, GridColumn } from './types.ts';

/** @param best how the format marks the best of a row, in words */
export function makeGrid(table: MethodTable, best: string): Grid {
  const { experiment, granularity, evaluation, rates, columns, notes } = table;
  const counts = countSeeds(columns.flatMap(({ cells }) => cells.map(({ own }) => own)));
  const isMixed = counts.fewest !== counts.most;
  const name = evaluation === 'dense' ? experiment : `${experiment} (${evaluation})`;
  const title = `${name}: ${describeNumbers(granularity, counts, best)}`;
  return {
    title,
    rows: rates.map(formatRate),
    groups: columns.map((column) => makeGroup(column, isMixed)),
    notes: [...explainColumns(columns), ...notes],
  };
}

/** Fewest and most seeds of the cells that there are. */
export function countSeeds(cells: readonly (Cell | undefined)[]): { fewest: number; most: number } {
  const seeds = cells.flatMap((cell) => (cell === undefined ? [] : [cell.seeds]));
  return { fewest: Math.min(...seeds), most: Math.max(...seeds) };
}

/** `Test accuracy in percent, weights pruned (mean ± sd over 3 seeds, * best of the row)` */
export function describeNumbers(
  granularity: string,
  { fewest, most }: { readonly fewest: number; readonly most: number },
  best: string,
): string {
  const range = fewest === most ? `${most}` : `${fewest} to ${most}`;
  const statistic = most > 1 ? `mean ± sd over ${range} seeds, ` : most === 1 ? 'one seed, ' : '';
  return `Test accuracy in percent, ${granularity}s pruned (${statistic}${best} best of the row)`;
}

/** `+0.31`: a difference of shares in points of percent. */
function formatDifference(difference: number | undefined): string {
  if (difference === undefined) return '';
  const text = formatPoints(Math.abs(difference));
  return `${Number(text) === 0 ? '' : difference < 0 ? '-' : '+'}${text}`;
}

function explainColumns(columns: readonly MethodColumn[]): string[] {
  if (!columns.some(({ hasPublished }) => hasPublished)) return [];
  const paper = 'paper: the published number of the method to its left';
  const isSubtracted = columns.some(({ cells }) => cells.some(({ difference }) => difference !== undefined));
  return [isSubtracted ? `${paper}; difference: ours less that, in points.` : `${paper}.`];
}

function makeGroup({ heading, cells, hasPublished }: MethodColumn, isMixed: boolean): GridColumn[] {
  const fields = cells.map((cell) => ({ text: formatOwn(cell, isMixed), isBest: cell.isBest }));
  const own = { heading, isRanked: true, fields };
  if (!hasPublished) return [own];
  const plain = (name: string, texts: readonly string[]): GridColumn => ({
    heading: name,
    isRanked: false,
    fields: texts.map((text) => ({ text, isBest: false })),
  });
  const differences = cells.map(({ difference }) => formatDifference(difference));
  return [
    own,
    plain('paper', cells.map(formatPublished)),
    ...(differences.some((text) => text !== '') ? [plain('difference', differences)] : []),
  ];
}

function formatOwn({ own }: MethodCell, isMixed: boolean): string {
  return own !== undefined && isMixed ? `${formatCell(own)} (n = ${own.seeds})` : formatCell(own);
}

function formatPublished({ published }: MethodCell): string {
  if (published === undefined) return '';
  return formatCell({ mean: published.accuracy, deviation: published.deviation });
}
