/** @file What commands print on standard output: tables for people, JSON for programs. */
import { styleText } from 'node:util';
import { isNarrow, takesEscapes } from './capabilities.ts';
import { formatCells, formatColumns } from './words.ts';

/** Rows under a header; in a narrow terminal a line for each cell. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  print(isNarrow(process.stdout) ? formatCells(header, rows) : formatColumns(header, rows));
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Lines, without the end of the last. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The text in a colour where standard output takes one. */
export function paint(colour: 'red' | 'green' | 'yellow', text: string): string {
  return takesEscapes(process.stdout) ? styleText(colour, text, { validateStream: false }) : text;
}
