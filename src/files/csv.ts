/** @file Tables of one fixed form as CSV files. Keys in code are camelCase, column names in files snake_case. */
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { shorten, suggest, UserError } from '../errors.ts';
import { writeFileAtomic } from './atomic.ts';
import { readBoundedFile } from './read.ts';

/**
 * Kinds of numbers: any, NaN and the infinities included; any or none, which is NaN in a row and an empty field in a file;
 * from 0 to 1; whole and not negative.
 */
const NUMBERS = {
  number: { isValid: () => true, words: 'a number' },
  optional: { isValid: () => true, words: 'a number or nothing' },
  share: { isValid: (value: number) => value >= 0 && value <= 1, words: 'a share from 0 to 1' },
  count: {
    isValid: (value: number) => Number.isSafeInteger(value) && value >= 0,
    words: 'a whole number of at least 0',
  },
} as const;

type NumberKind = keyof typeof NUMBERS;

/** What the fields of a column hold: a number, any text or one of a form, or one of some words. */
type ColumnKind = NumberKind | 'text' | RegExp | readonly string[];

/** Key and kind of each column, in file order. */
export type Columns = Readonly<Record<string, ColumnKind>>;

/** A row of a table with these columns. */
export type Row<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends NumberKind
    ? number
    : C[K] extends readonly (infer Word)[]
      ? Word
      : string;
};

/** Bytes of a table and of one of its rows, and its rows: a sweep of twenty methods, five seeds and 200 rates has 40,000. */
const LARGEST_TABLE = 2 ** 26;
const LONGEST_RECORD = 2 ** 13;
/** Characters of a file that an error quotes. */
const MOST_SHOWN = 300;
const MOST_ROWS = 100_000;

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
  const records = rows.map((row) =>
    keys.map((key) => formatField(row[key] as string | number, columns[key] as ColumnKind)),
  );
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
 * @param forms the columns that it may have: its header tells which; the first are the usual ones
 * @returns its rows, none if there is no such file
 * @throws UserError naming file and line if the file is too large, the text is not CSV, a column is missing, unknown or
 *   out of order, or a field is not what its column holds
 */
export function readCsv<C extends Columns>(path: string, ...forms: readonly [C, ...C[]]): Row<C>[] {
  const text = readBoundedFile(path, LARGEST_TABLE);
  if (text === undefined) return [];
  // The header alone is read first: with other columns, lines may be so many that they take all memory.
  const [header] = parseRecords(text, path, 1);
  const columns = forms.find((form) => isHeaderOf(form, header?.record ?? []));
  if (columns === undefined) throw describeHeader(path, forms[0], header?.record ?? []);
  const [, ...records] = parseRecords(text, path, MOST_ROWS + 2);
  if (records.length > MOST_ROWS) {
    throw new UserError(`${path} has more than ${MOST_ROWS} rows, expected at most as many`);
  }
  return records.map(({ record, info }) => parseRow(record, columns, `${path}:${info.lines}`));
}

/** @param most records that are read */
function parseRecords(text: Buffer, path: string, most: number): ParsedRecord[] {
  const plain = splitPlain(text, most);
  if (plain !== undefined) return plain;
  try {
    const options = { bom: true, info: true, skip_empty_lines: true, max_record_size: LONGEST_RECORD };
    const records: unknown = parse(text, { ...options, to: most });
    return records as ParsedRecord[];
  } catch (error) {
    const { message, lines } = error as Error & { lines?: number };
    throw new UserError(`${path}:${lines ?? 1}: not a valid CSV table: ${shorten(message, MOST_SHOWN)}`);
  }
}

const QUOTE = 0x22;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = 0xef;

/**
 * Splits a table without quotes, as td writes them: some twenty times as fast as the parser.
 *
 * @returns nothing for any other text, of which the parser says what is wrong
 */
function splitPlain(text: Buffer, most: number): ParsedRecord[] | undefined {
  if (text[0] === BYTE_ORDER_MARK || text.includes(QUOTE) || text.includes(CARRIAGE_RETURN)) return undefined;
  const records: ParsedRecord[] = [];
  let start = 0;
  for (let lines = 1; start < text.length && records.length < most; lines++) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    if (end - start > LONGEST_RECORD) return undefined;
    if (end > start) records.push({ record: text.toString('utf8', start, end).split(','), info: { lines } });
    start = end + 1;
    const { length } = records.at(-1)?.record ?? [];
    if (length !== records[0]?.record.length) return undefined;
  }
  return records;
}

function isHeaderOf(columns: Columns, found: readonly string[]): boolean {
  const expected = Object.keys(columns).map(columnName);
  return expected.length === found.length && expected.every((name, index) => name === found[index]);
}

function describeHeader(path: string, columns: Columns, found: readonly string[]): UserError {
  const expected = Object.keys(columns).map(columnName);
  return new UserError(
    `${path}:1: expected the columns ${expected.join(',')}, found ${shorten(found.join(','), MOST_SHOWN) || 'none'}`,
  );
}

function parseRow<C extends Columns>(record: readonly string[], columns: C, where: string): Row<C> {
  const row: Record<string, string | number> = {};
  let index = 0;
  for (const key in columns) {
    const whereExactly = () => `${where}: column ${columnName(key)}`;
    row[key] = parseField(record[index++] ?? '', columns[key] as ColumnKind, whereExactly);
  }
  return row as Row<C>;
}

/** @param where in words, for errors */
function parseField(text: string, kind: ColumnKind, where: () => string): string | number {
  if (kind === 'text') return text;
  if (typeof kind === 'string') return parseNumber(text, kind, where);
  if (kind instanceof RegExp ? kind.test(text) : kind.includes(text)) return text;
  const expected = kind instanceof RegExp ? ', expected one as td writes it' : suggest(text, kind);
  throw new UserError(`${where()}: unknown value "${shorten(text, MOST_SHOWN)}"${expected}`);
}

function parseNumber(text: string, kind: NumberKind, where: () => string): number {
  if (kind === 'optional' && text === '') return Number.NaN;
  const value = Number(text);
  const isNumber = text.trim() !== '' && (!Number.isNaN(value) || text === 'NaN');
  if (isNumber && NUMBERS[kind].isValid(value)) return value;
  throw new UserError(`${where()}: expected ${NUMBERS[kind].words}, found "${shorten(text, MOST_SHOWN)}"`);
}

function formatField(value: string | number, kind: ColumnKind): string {
  if (kind === 'optional' && Number.isNaN(value)) return '';
  return typeof value === 'number' ? formatNumber(value) : value;
}

function columnName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
