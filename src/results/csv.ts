/** @file Tables of one fixed form as CSV files. Keys in code are camelCase, column names in files snake_case. */
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { suggest, UserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { readIfPresent } from './files.ts';

/** What the fields of a column hold; a list is the words that are allowed. */
type ColumnKind = 'text' | 'number' | readonly string[];

/** Key and kind of each column, in file order. */
export type Columns = Readonly<Record<string, ColumnKind>>;

/** A row of a table with these columns. */
export type Row<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends 'number'
    ? number
    : C[K] extends readonly (infer Word)[]
      ? Word
      : string;
};

/** A record of a CSV file and the line on which it ends. */
interface ParsedRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/**
 * The shortest decimal that reads back as the same double, so that equal numbers are equal bytes and none is lost:
 * `0.1`, `1e-7`, `NaN`.
 */
export function formatNumber(value: number): string {
  return String(value);
}

/** CSV with a header line, `\n` line ends, and quotes only where a field needs them. */
export function formatCsv<C extends Columns>(columns: C, rows: readonly Row<C>[]): string {
  const keys = Object.keys(columns);
  const records = rows.map((row) => keys.map((key) => formatField(row[key] as string | number)));
  return stringifyRecords([keys.map(columnName), ...records]);
}

/** CSV of fields that are text already; the first record is the header. */
export function stringifyRecords(records: readonly (readonly string[])[]): string {
  return stringify(records.map((record) => [...record]));
}

/** Writes a table atomically. */
export function writeCsv<C extends Columns>(path: string, columns: C, rows: readonly Row<C>[]): void {
  writeFileAtomic(path, formatCsv(columns, rows));
}

/**
 * Reads a table.
 *
 * @returns its rows, none if there is no such file
 * @throws UserError naming file and line if the text is not CSV, a column is missing, unknown or out of order, or a
 *   number is not one
 */
export function readCsv<C extends Columns>(path: string, columns: C): Row<C>[] {
  const text = readIfPresent(path);
  if (text === undefined) return [];
  const [header, ...records] = parseRecords(text, path);
  requireHeader(path, Object.keys(columns).map(columnName), header?.record ?? []);
  return records.map(({ record, info }) => parseRow(record, columns, `${path}:${info.lines}`));
}

function parseRecords(text: Buffer, path: string): ParsedRecord[] {
  try {
    const records: unknown = parse(text, { bom: true, info: true, skip_empty_lines: true });
    return records as ParsedRecord[];
  } catch (error) {
    const { message, lines } = error as Error & { lines?: number };
    throw new UserError(`${path}:${lines ?? 1}: not a valid CSV table: ${message}`);
  }
}

function requireHeader(path: string, expected: readonly string[], found: readonly string[]): void {
  if (expected.length === found.length && expected.every((name, index) => name === found[index])) return;
  throw new UserError(
    `${path}:1: expected the columns ${expected.join(',')}, found ${found.join(',') || 'none'}; ` +
      'remove the file to have it written anew',
  );
}

function parseRow<C extends Columns>(record: readonly string[], columns: C, where: string): Row<C> {
  const fields = Object.entries(columns).map(([key, kind], index) => {
    return [key, parseField(record[index] ?? '', kind, `${where}: column ${columnName(key)}`)];
  });
  return Object.fromEntries(fields) as Row<C>;
}

function parseField(text: string, kind: ColumnKind, where: string): string | number {
  if (kind === 'number') return parseNumber(text, where);
  if (kind === 'text' || kind.includes(text)) return text;
  throw new UserError(`${where}: unknown value "${text}"${suggest(text, kind)}`);
}

function parseNumber(text: string, where: string): number {
  const value = Number(text);
  if (text.trim() !== '' && (!Number.isNaN(value) || text === 'NaN')) return value;
  throw new UserError(`${where}: expected a number, found "${text}"`);
}

function formatField(value: string | number): string {
  return typeof value === 'number' ? formatNumber(value) : value;
}

function columnName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
