/** @file Checks the paper's layout against means, deviations and differences worked out by hand. */
import { describe, expect, it } from 'vitest';
import { buildMethodTable } from '../../src/tables/method-table.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';

const targeted = (dropRate: number, targetRate: number, granularity: 'weight' | 'unit' = 'weight') =>
  ({ name: 'targeted', granularity, dropRate, targetRate }) as const;

function build({ rows, settings }: SweepRows, granularity: 'weight' | 'unit' = 'weight') {
  return buildMethodTable({
    experiment: 'few',
    rows,
    settings,
    granularity,
  });
}

describe('buildMethodTable', () => {
  it('puts rates down and methods across in the order of the paper, whatever the variants are called', () => {
    const sweep = new SweepRows()
      .add('a', { name: 'l1' }, { 0.9: 0.7, 0: 0.98 })
      .add('b', targeted(0.66, 0.75), { 0.5: 0.97 })
      .add('c', targeted(0.5, 0.5), { 0: 0.96 })
      .add('d', { name: 'none' }, { 0: 0.99 });
    const { rates, columns } = build(sweep);
    expect(rates).toEqual([0, 0.5, 0.9]);
    expect(columns.map(({ heading }) => heading)).toEqual([
      'none',
      'targeted(0.5, 0.5)',
      'targeted(0.66, 0.75)',
      'l1(0.1)',
    ]);
    expect(columns[3]?.cells.map(({ own }) => own?.mean)).toEqual([0.98, undefined, 0.7]);
  });

  it('marks what is best as printed in rows with a choice', () => {
    // 0.97001 and 0.97004 are both 97.00 in print.
    const { columns } = build(
      new SweepRows()
        .add('none', { name: 'none' }, { 0: [0.97, 0.97002], 0.5: 0.9 })
        .add('l1', { name: 'l1' }, { 0: 0.97004, 0.9: 0.8 }),
    );
    expect(columns.map(({ cells }) => cells.map(({ isBest }) => isBest))).toEqual([
      [true, false, false],
      [true, false, false],
    ]);
  });

  it('leaves out what was trained to lose the other kind of part, and says so', () => {
    const sweep = new SweepRows()
      .add('none', { name: 'none' }, { 0: 0.9 }, ['weight', 'unit'])
      .add('by-weight', targeted(0.5, 0.5), { 0: 0.9 }, ['weight', 'unit'])
      .add('by-unit', targeted(0.5, 0.5, 'unit'), { 0: 0.9 }, ['weight', 'unit']);
    const { columns, notes } = build(sweep, 'unit');
    expect(columns.map(({ variant }) => variant)).toEqual(['none', 'by-unit']);
    expect(notes).toEqual(['Left out, since trained to lose weights: by-weight.']);
  });

  it('names columns after variants where their settings are not known, and after both where methods are alike', () => {
    const sweep = new SweepRows()
      .add('short', { name: 'dropout', granularity: 'weight', dropRate: 0.5 }, { 0: 0.9 })
      .add('lost', { name: 'l1' }, { 0: 0.9 });
    const longer = new SweepRows({ schedule: { epochs: 99 } });
    longer.add('long', { name: 'dropout', granularity: 'weight', dropRate: 0.5 }, { 0: 0.8 });
    const settings = new Map([...sweep.settings, ...longer.settings]);
    for (const [hash, { regularizer }] of settings) if (regularizer.name === 'l1') settings.delete(hash);
    const { columns } = buildMethodTable({
      experiment: 'few',
      rows: [...sweep.rows, ...longer.rows],
      settings,
      granularity: 'weight',
    });
    expect(columns.map(({ heading }) => heading)).toEqual([
      'dropout(0.5): long',
      'dropout(0.5): short',
      'lost',
    ]);
  });
});
