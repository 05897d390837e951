/** @file What the log of a run says: its last entries, read back. */
import { join } from 'node:path';
import { readEnd } from '../files/read.ts';
import { RUN_FILES } from './directory.ts';

/** Levels of pino. */
const WARNING_LEVEL = 40;
const ERROR_LEVEL = 50;

/** Bytes at the end of a log in which warnings are looked for. */
const WARNINGS_BYTES = 2 ** 20;

/** An entry as any version, or anybody, may have written it. */
export interface LogEntry {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly err?: { readonly message?: unknown };
}

/**
 * @param bytes at the end of the log that are read
 * @returns the entries in these bytes, oldest first; nothing in the place of a line that was cut off
 */
export function readLogEntries(directory: string, bytes: number): (LogEntry | undefined)[] {
  const text = readEnd(join(directory, RUN_FILES.log), bytes).toString('utf8');
  return text.trimEnd().split('\n').map(parseEntry);
}

/** The messages of the warnings, oldest first. */
export function readWarnings(directory: string): string[] {
  const entries = readLogEntries(directory, WARNINGS_BYTES);
  return entries.flatMap((entry) => (isWarning(entry) && typeof entry?.msg === 'string' ? [entry.msg] : []));
}

export function isWarning(entry: LogEntry | undefined): boolean {
  return entry?.level === WARNING_LEVEL;
}

export function isError(entry: LogEntry | undefined): boolean {
  return entry?.level === ERROR_LEVEL;
}

function parseEntry(line: string): LogEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? entry : undefined;
  } catch {
    return undefined;
  }
}
