/** @file Tables as CSV: numbers only, shares as in sweep.csv. */
import { UserError } from '../../errors.ts';
import { formatNumber, stringifyRecords } from '../csv.ts';
import type { MethodCell, MethodColumn, MethodTable } from '../method-table.ts';
import type { Renderer } from './types.ts';

/**
 * A row a rate; for each method mean, sample standard deviation and number of seeds, with published numbers also those
 * and the difference. Accuracies are shares. Notes have no place in it.
 *
 * @throws UserError if there are several tables, which have different columns
 */
export const renderCsv: Renderer = (tables) => {
  const [table, second] = tables;
  if (table === undefined || second !== undefined)
    throw new UserError('--format csv holds one table, expected --granularity weight or unit');
  return stringifyRecords(listRecords(table)).trimEnd();
};

function listRecords({ rates, columns }: MethodTable): string[][] {
  return [
    ['prune_rate', ...columns.flatMap(nameFields)],
    ...rates.map((rate, row) => [
      formatNumber(rate),
      ...columns.flatMap(({ cells, hasPublished }) => listFields(cells[row], hasPublished)),
    ]),
  ];
}

function nameFields({ heading, hasPublished }: MethodColumn): string[] {
  const own = [heading, `${heading} sd`, `${heading} n`];
  return hasPublished ? [...own, `${heading} paper`, `${heading} difference`] : own;
}

function listFields(cell: MethodCell | undefined, hasPublished: boolean): string[] {
  const own = [cell?.own?.mean, cell?.own?.deviation, cell?.own?.seeds];
  const fields = hasPublished ? [...own, cell?.published?.accuracy, cell?.difference] : own;
  return fields.map((value) => (value === undefined ? '' : formatNumber(value)));
}
