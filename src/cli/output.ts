/** @file What commands print on standard output: tables for people, JSON for programs. */
import { columns } from './words.ts';

/** Rows under a header. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  process.stdout.write(`${columns(header, rows)}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
