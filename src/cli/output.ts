/** @file What commands print on standard output: tables for people, JSON for programs. */
import { styleText } from 'node:util';
import { columns } from './words.ts';

/** Rows under a header. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  process.stdout.write(`${columns(header, rows)}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Whether standard output takes colours: it is a terminal, and its user has not asked for none (no-color.org). */
export function isColoured(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}

/** The text in a colour where standard output takes one. */
export function paint(colour: 'red' | 'green' | 'yellow', text: string): string {
  return isColoured() ? styleText(colour, text, { validateStream: false }) : text;
}
