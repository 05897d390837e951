/** @file A comparison of variants as text for the terminal. */
import { formatRate } from '../format.ts';
import { formatCell } from './cell.ts';
import { countSeeds, describeNumbers } from './formats/grid.ts';
import { BEST, layOut } from './formats/text.ts';
import { bestOf, isBest } from './method-table.ts';
import type { VariantTable } from './variant-table.ts';

export interface TableOptions {
  /** Columns of the terminal; a table that is wider is broken into several. Default 100. */
  readonly width?: number;
  /** Sets headings and the best of each row in bold, by ANSI escapes. Default false. */
  readonly bold?: boolean;
  /** Sentences that belong under the table. */
  readonly notes?: readonly string[];
}

/**
 * Lays a comparison out: a row a rate, a column a variant, numbers right-aligned, `*` after the best mean of each row
 * (after each of them where two are equal as printed).
 *
 * @returns lines without a line end after the last
 */
export function formatVariantTable(
  { granularity, variants, rates, cells }: VariantTable,
  { width = 100, bold = false, notes = [] }: TableOptions = {},
): string {
  const best = cells.map(bestOf);
  const groups = variants.map((heading, column) => {
    const fields = cells.map((row, index) => ({
      text: formatCell(row[column]),
      isBest: isBest(row[column], best[index]),
    }));
    return [{ heading, isRanked: true, fields }];
  });
  const title = describeNumbers(granularity, countSeeds(cells.flat()), BEST);
  return layOut({ title, rows: rates.map(formatRate), groups, notes }, { width, bold });
}
