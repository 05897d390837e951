/** @file Tables for the terminal. */
import { makeGrid } from './grid.ts';
import type { Grid, GridColumn, Renderer, RenderOptions } from './types.ts';

const GAP = '  ';
export const BEST = '*';
/** Takes the place of the mark, so that numbers stay aligned. */
const NO_MARK = ' ';
const BOLD = '\u001b[1m';
const NOT_BOLD = '\u001b[22m';

/** A column of text: its heading, then a field for each row. */
interface TextColumn {
  readonly fields: readonly string[];
  readonly width: number;
}

export const renderText: Renderer = (tables, options) =>
  tables.map((table) => layOut(makeGrid(table, BEST), options)).join('\n\n');

/**
 * Lays a grid out: numbers right-aligned, `*` after the best of each row. A table that is wider than the terminal becomes
 * several, each with its rates.
 *
 * @returns lines without a line end after the last
 */
export function layOut(grid: Grid, { width, bold }: RenderOptions): string {
  const rows = toColumn(['pruned', ...grid.rows]);
  const groups = grid.groups.map((group) => group.map(toTextColumn));
  const blocks = splitToFit(groups, width - rows.width).map((columns) =>
    formatBlock([rows, ...columns], bold),
  );
  const notes = grid.notes.length === 0 ? [] : [grid.notes.map((note) => `- ${note}`).join('\n')];
  return [grid.title, ...blocks, ...notes].join('\n\n');
}

/** Only columns with something to mark leave room for the mark. */
function toTextColumn({ heading, fields, isRanked }: GridColumn): TextColumn {
  const mark = (isBest: boolean) => (isBest ? BEST : isRanked ? NO_MARK : '');
  return toColumn([
    `${heading}${mark(false)}`,
    ...fields.map(({ text, isBest }) => `${text}${mark(isBest)}`),
  ]);
}

function toColumn(fields: readonly string[]): TextColumn {
  return { fields, width: Math.max(...fields.map((field) => field.length)) };
}

/** Joins groups to blocks that fit; a group wider than that has a block of its own. */
function splitToFit(groups: readonly (readonly TextColumn[])[], width: number): TextColumn[][] {
  const blocks: TextColumn[][] = [];
  let free = 0;
  for (const group of groups) {
    const needed = group.reduce((sum, column) => sum + GAP.length + column.width, 0);
    if (blocks.length === 0 || needed > free) {
      blocks.push([]);
      free = width;
    }
    blocks.at(-1)?.push(...group);
    free -= needed;
  }
  return blocks;
}

function formatBlock(columns: readonly TextColumn[], bold: boolean): string {
  const rows = columns[0]?.fields.length ?? 0;
  return Array.from({ length: rows }, (_, row) => {
    const fields = columns.map(({ fields, width }) => {
      const text = (fields[row] ?? '').padStart(width);
      return bold && (row === 0 || text.endsWith(BEST)) ? `${BOLD}${text}${NOT_BOLD}` : text;
    });
    return fields.join(GAP).trimEnd();
  }).join('\n');
}
