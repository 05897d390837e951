/** @file A comparison as text for the terminal. */
import { type Cell, type Comparison, formatCell, formatPercent } from './comparison.ts';

const GAP = '  ';
const BEST = '*';
/** Takes the place of the mark, so that numbers stay aligned. */
const NO_MARK = ' ';
const BOLD = '\u001b[1m';
const NOT_BOLD = '\u001b[22m';

export interface TableOptions {
  /** Columns of the terminal; a table that is wider is broken into several. Default 100. */
  readonly width?: number;
  /** Sets headings and the best of each row in bold, by ANSI escapes. Default false. */
  readonly bold?: boolean;
}

/** A column of text: its heading, then a field for each row. */
interface TextColumn {
  readonly fields: readonly string[];
  readonly width: number;
}

/**
 * Lays a comparison out: a row a rate, a column a variant, numbers right-aligned, `*` after the best mean of each row
 * (after each of them where two are equal as printed).
 *
 * @returns lines without a line end after the last
 */
export function formatTable(
  comparison: Comparison,
  { width = 100, bold = false }: TableOptions = {},
): string {
  const rates = toColumn(['pruned', ...comparison.rates.map(formatRate)]);
  const best = comparison.cells.map(bestOf);
  const variants = comparison.variants.map((variant, column) => {
    const cells = comparison.cells.map((row, index) => formatMarked(row[column], best[index]));
    return toColumn([`${variant}${NO_MARK}`, ...cells]);
  });
  const blocks = splitToFit(variants, width - rates.width).map((block) =>
    formatBlock([rates, ...block], bold),
  );
  return [formatTitle(comparison), ...blocks].join('\n\n');
}

function formatRate(rate: number): string {
  return `${Number((rate * 100).toPrecision(12))} %`;
}

function formatMarked(cell: Cell | undefined, best: string | undefined): string {
  const isBest = cell !== undefined && formatPercent(cell.mean) === best;
  return formatCell(cell) + (isBest ? BEST : NO_MARK);
}

function formatTitle({ granularity, cells }: Comparison): string {
  const seeds = cells.flat().flatMap((cell) => (cell === undefined ? [] : [cell.seeds]));
  const fewest = Math.min(...seeds);
  const most = Math.max(...seeds);
  const range = fewest === most ? `${most}` : `${fewest} to ${most}`;
  const statistic = most > 1 ? `mean ± sd over ${range} seeds, ` : '';
  return `Test accuracy in percent, ${granularity}s pruned (${statistic}${BEST} best of the row)`;
}

/** The highest mean of a row as printed; nothing if the row has fewer than two, among which there is no best. */
function bestOf(row: Comparison['cells'][number]): string | undefined {
  const means = row.flatMap((cell) => (cell === undefined ? [] : [cell.mean]));
  return means.length < 2 ? undefined : formatPercent(Math.max(...means));
}

function toColumn(fields: readonly string[]): TextColumn {
  return { fields, width: Math.max(...fields.map((field) => field.length)) };
}

/** Groups columns so that each group fits; a column wider than that has a group of its own. */
function splitToFit(columns: readonly TextColumn[], width: number): TextColumn[][] {
  const groups: TextColumn[][] = [];
  let free = 0;
  for (const column of columns) {
    const needed = GAP.length + column.width;
    if (groups.length === 0 || needed > free) {
      groups.push([]);
      free = width;
    }
    groups.at(-1)?.push(column);
    free -= needed;
  }
  return groups;
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
