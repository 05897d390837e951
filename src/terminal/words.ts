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

const ESCAPE = '\x1b';
/** A change of colour, or a character. */
const PIECE = new RegExp(`${ESCAPE}\\[\\d+m|.`, 'gsu');

/** The beginning of a line, if it is longer than so many characters; `…` stands for the rest. Colours take no room. */
export function cropLine(line: string, width: number): string {
  if (stripVTControlCharacters(line).length <= width) return line;
  let room = width - 1;
  const pieces = line.match(PIECE) ?? [];
  return `${pieces.filter((piece) => piece.startsWith(ESCAPE) || room-- > 0).join('')}…`;
}

/** Rows one below the other, with a line for each cell that is not empty: `seed: 0`. */
export function formatCells(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const formatRow = (row: readonly string[]) =>
    header.flatMap((name, index) => (row[index] ? [`${name}: ${row[index]}`] : [])).join('\n');
  return rows.map(formatRow).join('\n\n');
}
