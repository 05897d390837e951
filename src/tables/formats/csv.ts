/** @file Tables as CSV: numbers only, shares as in sweep.csv. */
import { UserError } from '../../errors.ts';
import { formatNumber, stringifyRecords } from '../../files/csv.ts';
import { formatOptional, listCellFields, nameCellFields } from '../cell-fields.ts';
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
  // Excel takes a file for ASCII unless it begins with a mark that other programs stumble over.
  const name = heading.replaceAll('×', 'x');
  return [...nameCellFields(name), ...(hasPublished ? [`${name} paper`, `${name} difference`] : [])];
}

function listFields(cell: MethodCell | undefined, hasPublished: boolean): string[] {
  const published = [cell?.published?.accuracy, cell?.difference].map(formatOptional);
  return [...listCellFields(cell?.own), ...(hasPublished ? published : [])];
}
