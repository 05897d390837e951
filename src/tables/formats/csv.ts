/** @file Tables as CSV: numbers only, shares as in sweep.csv. */
import { UserError } from '../../errors.ts';
import { formatNumber, stringifyRecords } from '../../files/csv.ts';
import { formatOptional, listCellFields, nameCellFields } from '../cell-fields.ts';
import type { MethodColumn, MethodTable } from '../method-table.ts';
import type { Renderer } from './types.ts';

/**
 * A row a rate; for each method mean, sample standard deviation and number of seeds, with published numbers also those
 * and the difference. Where trainings differ in length, each has its epochs, those of the runs that it goes on from included, in
 * every row. Accuracies are shares. Notes have no place in it.
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
      ...columns.flatMap((column) => listFields(column, row)),
    ]),
  ];
}

function nameFields({ heading, hasPublished, training }: MethodColumn): string[] {
  // Excel takes a file for ASCII unless it begins with a mark that other programs stumble over.
  const name = heading.replaceAll('×', 'x');
  return [
    ...nameCellFields(name),
    ...(training === undefined ? [] : [`${name} epochs`]),
    ...(hasPublished ? [`${name} paper`, `${name} difference`] : []),
  ];
}

function listFields({ cells, hasPublished, training }: MethodColumn, row: number): string[] {
  const cell = cells[row];
  const published = [cell?.published?.accuracy, cell?.difference].map(formatOptional);
  return [
    ...listCellFields(cell?.own),
    ...(training === undefined ? [] : [formatNumber(training.parentEpochs + training.epochs)]),
    ...(hasPublished ? published : []),
  ];
}
