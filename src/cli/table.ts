/** @file td table: prints what a sweep found in the layout of the paper. */
import type { SweepSettings } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import type { Granularity } from '../regularizers/types.ts';
import { type FormatName, RENDERERS } from '../results/formats/registry.ts';
import { buildMethodTable } from '../results/method-table.ts';
import { readPublished } from '../results/published.ts';
import { requireResultsFolder } from './experiments.ts';
import { printLine } from './progress.ts';
import { findTableSource, type TableSource } from './table-source.ts';

export interface TableOptions {
  readonly granularity?: SweepSettings['granularity'];
  readonly format: FormatName;
  readonly paper?: boolean;
  readonly results: string;
}

/** Columns of a table that no terminal bounds. */
const PLAIN_WIDTH = 120;

/** @throws UserError if there is no such sweep, or it has no rows of the granularity asked for */
export async function table(argument: string, options: TableOptions): Promise<void> {
  requireResultsFolder(options.results, 'read');
  const source = findTableSource(argument, options.results);
  const published = options.paper ? readPublished() : undefined;
  const tables = granularitiesOf(source, options.granularity).map((granularity) =>
    buildMethodTable({ ...source, granularity, published }),
  );
  const isTerminal = process.stdout.isTTY === true;
  const width = isTerminal ? process.stdout.columns : PLAIN_WIDTH;
  const bold = isTerminal && !process.env.NO_COLOR;
  process.stdout.write(`${RENDERERS[options.format](tables, { width, bold })}\n`);
  // Under a CSV table there is no place for a sentence.
  if (options.format === 'csv') for (const note of tables.flatMap(({ notes }) => notes)) printLine(note);
}

function granularitiesOf(source: TableSource, asked: TableOptions['granularity']): Granularity[] {
  const choices: readonly Granularity[] =
    asked === undefined || asked === 'both' ? ['weight', 'unit'] : [asked];
  const swept = choices.filter((choice) => source.rows.some(({ granularity }) => granularity === choice));
  if (swept.length > 0) return swept;
  throw new UserError(
    `experiment "${source.experiment}" was not swept at granularity "${asked}"; sweep with: td sweep --granularity ${asked}`,
  );
}
