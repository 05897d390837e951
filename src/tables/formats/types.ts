/** @file The contract of a table's format, and the grid of text that all but JSON and CSV are made from. */
import type { MethodTable } from '../method-table.ts';

export interface Field {
  readonly text: string;
  readonly isBest: boolean;
}

export interface GridColumn {
  readonly heading: string;
  /** Whether the best of a row may stand in it. */
  readonly isRanked: boolean;
  readonly fields: readonly Field[];
}

/** A table as text, nothing escaped yet. */
export interface Grid {
  readonly title: string;
  /** The first column: how much was pruned. */
  readonly rows: readonly string[];
  /** Columns that stay together: a method with the published numbers beside it. */
  readonly groups: readonly (readonly GridColumn[])[];
  readonly notes: readonly string[];
}

export interface RenderOptions {
  /** Columns of the terminal; a text table that is wider is broken into several. */
  readonly width: number;
  /** Sets headings and the best of each row in a text table in bold, by ANSI escapes. */
  readonly bold: boolean;
}

/**
 * @returns lines without a line end after the last
 */
export type Renderer = (tables: readonly MethodTable[], options: RenderOptions) => string;
