/** @file Checks the paper's layout against means, deviations and differences worked out by hand. */
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../src/config/identity.ts';
import { renderCsv } from '../../src/tables/formats/csv.ts';
import { buildMethodTable } from '../../src/tables/method-table.ts';
import { SweepRows, sweptSettings } from '../sweeps/sweep-rows.ts';

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

  it('says what each training cost, with the run that it goes on from, where columns differ in it', () => {
    const parent = sweptSettings({ regularizer: { name: 'none' }, schedule: { epochs: 14 } });
    const from = { from: 'none', parent: hashOf(parent), granularity: 'weight' } as const;
    const fineTune = sweptSettings({ regularizer: { name: 'fine-tune', ...from }, schedule: { epochs: 10 } });
    const rewound = sweptSettings({
      regularizer: { name: 'rewind', ...from, to: '234it' },
      schedule: { epochs: 14 },
    });
    const again = sweptSettings({
      regularizer: {
        name: 'fine-tune',
        ...from,
        from: 'fine-tune',
        parent: hashOf(fineTune),
        pruneRate: 0.95,
      },
      schedule: { epochs: 1 },
    });
    const sweep = new SweepRows();
    for (const [variant, settings] of Object.entries({ none: parent, fineTune, rewound, again }))
      sweep.addSettings(variant, settings, { 0.9: 0.8 });
    const { columns, notes } = build(sweep);
    // 468 steps an epoch of MNIST in batches of 128.
    expect(columns.map(({ heading, training }) => [heading, training])).toEqual([
      ['none', { epochs: 14, parentEpochs: 0, steps: 14 * 468 }],
      ['fine-tune(0.9)', { epochs: 10, parentEpochs: 14, steps: 24 * 468 }],
      ['fine-tune(0.95), from fine-tune', { epochs: 1, parentEpochs: 24, steps: 25 * 468 }],
      ['learning-rate rewinding(0.9), to step 234', { epochs: 13.5, parentEpochs: 14, steps: 27.5 * 468 }],
    ]);
    expect(notes).toEqual([
      'Evaluation: dense, networks as training left them.',
      'Trained for, with the run that it goes on from: none, 14 epochs; fine-tune(0.9), 14 + 10 = 24 epochs; ' +
        'fine-tune(0.95), from fine-tune, 24 + 1 = 25 epochs; learning-rate rewinding(0.9), to step 234, 14 + 13.5 = 27.5 epochs.',
    ]);
    const alone = new SweepRows()
      .addSettings('fineTune', fineTune, { 0: 0.9 })
      .addSettings('none', sweptSettings({}), { 0: 0.9 });
    expect(build(alone).notes[1]).toContain('fine-tune(0.9), an unknown number of epochs');
    expect(
      renderCsv([build(sweep)], { width: 80, bold: false })
        .split('\n')
        .map((line) => line.split(',')[8]),
    ).toEqual(['fine-tune(0.9) epochs', '24']);
  });

  it('leaves out what was trained to lose the other kind of part, and says so', () => {
    const sweep = new SweepRows()
      .add('none', { name: 'none' }, { 0: 0.9 }, ['weight', 'unit'])
      .add('by-weight', targeted(0.5, 0.5), { 0: 0.9 }, ['weight', 'unit'])
      .add('by-unit', targeted(0.5, 0.5, 'unit'), { 0: 0.9 }, ['weight', 'unit']);
    const { columns, notes } = build(sweep, 'unit');
    expect(columns.map(({ variant }) => variant)).toEqual(['none', 'by-unit']);
    expect(notes).toEqual([
      'Evaluation: dense, networks as training left them.',
      'Left out, since trained to lose weights: by-weight.',
    ]);
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
