/** @file td table: prints what a sweep found in the layout of the paper. */
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { formatRate } from '../format.ts';
import { methodOf } from '../methods/names.ts';
import type { Granularity } from '../pruning/types.ts';
import { type SweepRow, settingsHashOf } from '../sweeps/rows.ts';
import { formatCell } from '../tables/cell.ts';
import { type FormatName, RENDERERS } from '../tables/formats/registry.ts';
import { type GridTable, tabulateGrids } from '../tables/grid-table.ts';
import { buildMethodTables, type TableChoice } from '../tables/method-tables.ts';
import { findSwept, type SweptExperiment } from '../tables/swept-experiment.ts';
import { takesEscapes, widthOf } from '../terminal/capabilities.ts';
import { type ViewOptions, viewOf, viewOptions } from '../terminal/evaluation-options.ts';
import { tellLeftOut } from '../terminal/found-runs.ts';
import {
  AS_FORMAT,
  chooseFormat,
  formatOption,
  granularityOption,
  gridOption,
  jsonOption,
  resultsOption,
} from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { printLine } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';

const HELP = `
The paper's layout: a row a prune rate, a column a method with its settings
(alpha before gamma), mean ± sample standard deviation over seeds, the best of
each row marked. What was trained for the other granularity is left out; runs
that failed or are missing are named below the table.

--paper sets the published number beside each of ours, with the difference, and
says under the table what is known to be wrong with the published numbers, and
where network, data or length are others than in the paper.

A table shows one evaluation, which a note names; "td sweep --help" says what
they are. A method for which it is the same as dense has its dense numbers
there; the note says of which method the numbers are which.

Nothing is trained or pruned: "td sweep" makes the numbers.

Examples:
  td table mnist-lenet
  td table configs/cifar-resnet.yaml --granularity weight --paper
  td table results/mnist-lenet/sweep.csv --format latex > table.tex`;

export function define(command: Command): void {
  command.addOption(granularityOption('what was swept'));
  for (const option of viewOptions()) command.addOption(option);
  command
    .addOption(formatOption(['text', 'csv', 'md', 'latex', 'json']))
    .addOption(jsonOption(AS_FORMAT))
    .option('--paper', 'with the published numbers, and what is wrong with them')
    .addOption(gridOption())
    .addOption(resultsOption())
    .addHelpText('after', HELP)
    .action(table);
}

export interface TableOptions extends TableChoice, ViewOptions {
  readonly format: FormatName;
  /** Rate at which variants of a grid are laid out by its axes. */
  readonly grid?: number;
  /** The same as format json. */
  readonly json?: boolean;
  readonly results: string;
}

/**
 * Exit code 1 if a run of the table is left out.
 *
 * @throws UserError if there is no such sweep, or it has no rows of the granularity asked for
 */
export async function table(argument: string, options: TableOptions): Promise<void> {
  requireResultsFolder(options.results, 'read');
  const format = chooseFormat(options);
  const swept = findSwept(argument, options.results, viewOf(options));
  tellLeftOut(swept.leftOut);
  if (options.grid !== undefined) {
    const tables = gridsAt(swept, options.grid, argument, options);
    if (format === 'json') printJson(tables);
    else printGrids(tables);
    return;
  }
  const tables = buildMethodTables(swept, options);
  print(RENDERERS[format](tables, { width: widthOf(process.stdout), bold: takesEscapes(process.stdout) }));
  // Under a CSV table there is no place for a sentence.
  if (format === 'csv') for (const note of tables.flatMap(({ notes }) => notes)) printLine(note);
}

/** @throws UserError if no variant is of a grid of two axes, none was swept at this rate, or the tables cannot be had in this way */
function gridsAt(
  { rows, settings }: SweptExperiment,
  rate: number,
  argument: string,
  { granularity: asked = 'both', format, paper = false }: TableOptions,
): GridTable[] {
  if (paper) throw new UserError('--paper has no numbers for --grid, expected one of them');
  if (format !== 'text' && format !== 'json')
    throw new UserError(`--grid prints text or JSON, expected no --format ${format} with it`);
  const granularities = asked === 'both' ? (['weight', 'unit'] as const) : [asked];
  // As in other tables, methods that are trained to lose the others are left out, unless a granularity is asked for.
  const isShown = (row: SweepRow, granularity: Granularity): boolean => {
    const trained = settings.get(settingsHashOf(row))?.regularizer;
    return asked !== 'both' || ((trained && methodOf(trained).granularity) ?? granularity) === granularity;
  };
  const all = granularities.flatMap((granularity) =>
    tabulateGrids(
      rows.filter((row) => isShown(row, granularity)),
      granularity,
      settings,
    ),
  );
  if (all.length === 0) {
    const what = asked === 'both' ? '' : ` swept by ${asked}s`;
    throw new UserError(`${argument} has no variants of a grid of two axes${what}, expected some such as targeted--dropRate-0.33--schedule.epochs-5`); // biome-ignore format: one sentence
  }
  const own = all.filter(({ pruneRate }) => pruneRate === rate);
  if (own.length > 0) return own;
  const rates = [...new Set(all.map(({ pruneRate }) => pruneRate))].toSorted((a, b) => a - b);
  throw new UserError(
    `--grid is ${rate}, at which ${argument} was not swept, expected one of ${rates.join(', ')}`,
  );
}

function printGrids(tables: readonly GridTable[]): void {
  for (const { base, granularity, axes, values, pruneRate, cells } of tables) {
    print(
      `${base}: test accuracy in percent, ${formatRate(pruneRate)} of ${granularity}s pruned; ${axes[0]} down, ${axes[1]} across\n`,
    );
    printTable(
      [axes[0], ...values[1]],
      values[0].map((down, row) => [
        down,
        ...(cells[row] ?? []).map((cell) => formatCell(cell ?? undefined)),
      ]),
    );
    print('');
  }
}
