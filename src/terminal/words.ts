/** @file Numbers and tables as people read them. */
import { stripVTControlCharacters } from 'node:util';

export { describeCount, formatDuration, formatPercent } from '../format.ts';

/** 12345.6 as `12,346`. */
export function formatInteger(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** Rows under a header, columns aligned on the left and separated by two spaces. Colours take no room. */
export function formatColumns(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widthOf = (cell: string) => stripVTControlCharacters(cell).length;
  const widths = header.map((_, index) => Math.max(...lines.map((line) => widthOf(line[index] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Rows one below the other, with a line for each cell that is not empty: `seed: 0`. */
export function formatCells(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const formatRow = (row: readonly string[]) =>
    header.flatMap((name, index) => (row[index] ? [`${name}: ${row[index]}`] : [])).join('\n');
  return rows.map(formatRow).join('\n\n');
}
