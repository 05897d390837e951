/** @file Variants of a grid laid out by their axes. */
import { describe, expect, it } from 'vitest';
import { selectTelling, tabulateGrids } from '../../src/tables/grid-table.ts';
import { SweepRows, sweptSettings } from '../sweeps/sweep-rows.ts';

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
  return rows;
}

/** Of all rows, unless fewer are given. */
function tabulate(swept: SweepRows, granularity: 'weight' | 'unit' = 'weight', settings = swept.settings) {
  return tabulateGrids(swept.rows, granularity, settings);
}

describe('the table of a grid', () => {
  it('has one axis down and the other across, means over seeds, and gaps where nothing was swept', () => {
    const table = tabulate(sweep()).find(({ pruneRate }) => pruneRate === 0.8);
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
    expect(tabulate(sweep(), 'unit')).toEqual([]);
  });

  it('has the numbers of an axis in rising order, whatever their digits', () => {
    const rows = new SweepRows();
    for (const targetRate of ['0.5', '0.75', '0.9', '0.05', '0.1'])
      for (const decay of ['0.001', '1e-7', '-0.5', '-0.25'])
        rows.add(
          `targeted--targetRate-${targetRate}--decay-${decay}`,
          { name: 'targeted', granularity: 'weight', dropRate: 0.5, targetRate: Number(targetRate) },
          { 0.8: 0.5 },
        );
    const [table] = tabulate(rows);
    expect(table?.values).toEqual([
      ['0.05', '0.1', '0.5', '0.75', '0.9'],
      ['-0.5', '-0.25', '1e-7', '0.001'],
    ]);
  });

  it('is one for each of the settings that a variant was trained with, which are never averaged', () => {
    const both = sweep();
    const [dropRate, targetRate] = [0.33, 0.5];
    const regularizer = { name: 'targeted', granularity: 'weight', dropRate, targetRate } as const;
    const again = sweptSettings({ schedule: { epochs: 7 }, regularizer });
    both.addSettings('targeted--dropRate-0.33--targetRate-0.5', again, { 0.8: 0.2 });
    const at8 = (tables: ReturnType<typeof tabulate>) =>
      tables
        .filter(({ pruneRate }) => pruneRate === 0.8)
        .map(({ base, cells }) => [base, cells.map((row) => row.map((cell) => cell?.mean ?? null))]);
    const { epochs } = sweptSettings({}).schedule;
    expect(at8(tabulate(both))).toEqual([
      [`targeted, schedule.epochs ${epochs}`, [[0.75, 0.6], [0.5, null]]],
      ['targeted, schedule.epochs 7', [[0.2]]],
    ]); // biome-ignore format: a table
    // Where settings are not known, their hashes tell them apart.
    const unknown = at8(tabulate(both, 'weight', new Map()));
    expect(JSON.stringify(unknown)).toContain('[[0.75]]');
    expect(JSON.stringify(unknown)).toContain('[[0.2]]');
    expect(String(unknown[0]?.[0])).toMatch(/^targeted, settings [0-9a-f]{8}$/);
  });

  it('is shown at the rate at which pruned networks differ most', () => {
    expect(selectTelling(tabulate(sweep())).map(({ pruneRate }) => pruneRate)).toEqual([0.8]);
  });
});
