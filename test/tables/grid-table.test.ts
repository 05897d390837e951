/** @file Variants of a grid laid out by their axes. */
import { describe, expect, it } from 'vitest';
import { selectTelling, tabulateGrids } from '../../src/tables/grid-table.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';

function sweep() {
  const rows = new SweepRows();
  const add = (dropRate: number, targetRate: number, at0: number, at8: number | number[], at9: number) =>
    rows.add(
      `targeted--dropRate-${dropRate}--targetRate-${targetRate}`,
      { name: 'targeted', granularity: 'weight', dropRate, targetRate },
      { 0: at0, 0.8: at8, 0.9: at9 },
    );
  rows.add('none', { name: 'none' }, { 0: 0.99, 0.8: 0.1, 0.9: 0.1 });
  add(0.66, 0.5, 0.9, 0.5, 0.3);
  add(0.33, 0.5, 0.1, [0.7, 0.8], 0.3);
  add(0.33, 0.75, 0.9, 0.6, 0.35);
  return rows.rows;
}

describe('the table of a grid', () => {
  it('has one axis down and the other across, means over seeds, and gaps where nothing was swept', () => {
    const table = tabulateGrids(sweep(), 'weight').find(({ pruneRate }) => pruneRate === 0.8);
    expect(table).toMatchObject({
      base: 'targeted',
      axes: ['dropRate', 'targetRate'],
      values: [
        ['0.33', '0.66'],
        ['0.5', '0.75'],
      ],
    });
    expect(table?.cells.map((row) => row.map((cell) => cell?.mean))).toEqual([
      [0.75, 0.6],
      [0.5, undefined],
    ]);
    expect(table?.cells[0]?.[0]?.seeds).toBe(2);
    expect(tabulateGrids(sweep(), 'unit')).toEqual([]);
  });

  it('is shown at the rate at which pruned networks differ most', () => {
    expect(selectTelling(tabulateGrids(sweep(), 'weight')).map(({ pruneRate }) => pruneRate)).toEqual([0.8]);
  });
});
