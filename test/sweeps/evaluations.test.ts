/** @file Which rows of a sweep are of the evaluation that is asked for, and which a run has. */
import { describe, expect, it } from 'vitest';
import {
  describeView,
  findAuthorsView,
  listTerms,
  listViews,
  noteView,
  selectRows,
} from '../../src/sweeps/evaluations.ts';
import type { SweepRow } from '../../src/sweeps/rows.ts';
import { SweepRows } from './sweep-rows.ts';

const targeted = (granularity: 'weight' | 'unit') =>
  ({ name: 'targeted', granularity, dropRate: 0.5, targetRate: 0.5 }) as const;

const dense = new SweepRows()
  .add('none', { name: 'none' }, { 0: 0.9 })
  .add('by-weight', targeted('weight'), { 0: 0.8 })
  .add('by-unit', targeted('unit'), { 0: 0.7 });
const { settings } = dense;
const of = (variant: string, terms: Partial<SweepRow>) =>
  dense.rows.filter((row) => row.variant === variant).map((row) => ({ ...row, ...terms }));
const ROWS = [
  ...dense.rows,
  ...of('by-weight', { evaluation: 'gamma' }),
  ...of('by-weight', { evaluation: 'stochastic', draws: 5 }),
  ...of('by-unit', { evaluation: 'stochastic', draws: 5 }),
];

function select(evaluate: Parameters<typeof selectRows>[2]['evaluate']) {
  return selectRows(ROWS, settings, { evaluate, recalibrated: false }).map(
    ({ variant, evaluation }) => `${variant} ${evaluation}`,
  );
}

describe('the rows of an evaluation', () => {
  it('are one for each run, the dense one where the evaluation is the same for its method', () => {
    expect(select('dense')).toEqual(['none dense', 'by-weight dense', 'by-unit dense']);
    expect(select('stochastic')).toEqual(['none dense', 'by-weight stochastic', 'by-unit stochastic']);
    expect(select('paper')).toEqual(['none dense', 'by-weight gamma', 'by-unit stochastic']);
  });

  it('lack runs that were not evaluated so, never filled by another evaluation', () => {
    expect(select('gamma')).toEqual(['none dense', 'by-weight gamma']);
  });

  it('are named below a table', () => {
    const view = { evaluate: 'paper', recalibrated: false } as const;
    expect(noteView(view, selectRows(ROWS, settings, view))).toEqual([
      'Evaluation: dense (none); gamma (by-weight); stochastic with 5 draws (by-unit).',
    ]);
    expect(noteView({ evaluate: 'dense', recalibrated: false }, dense.rows)).toEqual([
      'Evaluation: dense, networks as training left them.',
    ]);
  });
});

it('what the authors did is found under whatever name it is shown', () => {
  const nameOf = (rows: readonly SweepRow[]) => {
    const found = findAuthorsView(rows, settings, listViews(rows, settings));
    return found && describeView(found);
  };
  expect(nameOf(ROWS)).toBe('paper');
  expect(nameOf(ROWS.filter(({ variant }) => variant !== 'by-unit'))).toBe('gamma');
  expect(nameOf(dense.rows)).toBe('dense');
  expect(nameOf([])).toBeUndefined();
});

describe('the evaluations that a sweep has', () => {
  const namesOf = (rows: readonly SweepRow[]) => listViews(rows, settings).map(describeView);

  it('are those of its rows, and what the authors did where no run lacks it', () => {
    expect(namesOf(ROWS)).toEqual(['dense', 'gamma', 'stochastic', 'paper']);
    expect(namesOf(ROWS.filter(({ evaluation }) => evaluation !== 'gamma'))).toEqual(['dense', 'stochastic']);
    expect(namesOf(dense.rows)).toEqual(['dense']);
    expect(namesOf([])).toEqual([]);
  });

  it('do not have what the authors did twice, where that is another one for all of the methods', () => {
    const rows = ROWS.filter(({ variant }) => variant !== 'by-unit');
    expect(namesOf(rows)).toEqual(['dense', 'gamma', 'stochastic']);
  });

  it('are told apart by their averages', () => {
    const anew = { model: { name: 'resnet' } } as const;
    const sweep = new SweepRows(anew).add('none', { name: 'none' }, { 0: 0.9 });
    const rows = [...sweep.rows, ...sweep.rows.map((row) => ({ ...row, recalibrated: 100 }))];
    const views = listViews(rows, sweep.settings);
    expect(views.map(describeView)).toEqual(['dense', 'dense, recalibrated']);
    expect(
      views.map((view) => selectRows(rows, sweep.settings, view).map(({ recalibrated }) => recalibrated)),
    ).toEqual([[0], [100]]);
  });
});

it('is recalibrated where the network has batch norm, and not where there is none', () => {
  const [mlp] = [...settings.values()];
  const [resnet] = [
    ...new SweepRows({ model: { name: 'resnet' } }).add('none', { name: 'none' }, {}).settings.values(),
  ];
  const asked = { evaluate: ['dense'], draws: 5, recalibrate: 100 } as const;
  expect(listTerms(mlp as never, asked)[0]?.recalibrated).toBe(0);
  expect(listTerms(resnet as never, asked)[0]?.recalibrated).toBe(100);
});

it('a run has each evaluation once, whatever several of those that are asked for come to', () => {
  const [none, byWeight] = [...settings.values()] as [never, never];
  const asked = { evaluate: ['dense', 'gamma', 'stochastic', 'paper'], draws: 7, recalibrate: 100 } as const;
  expect(listTerms(none, asked)).toEqual([{ evaluation: 'dense', draws: 0, recalibrated: 0 }]);
  expect(listTerms(byWeight, asked)).toEqual([
    { evaluation: 'dense', draws: 0, recalibrated: 0 },
    { evaluation: 'gamma', draws: 0, recalibrated: 0 },
    { evaluation: 'stochastic', draws: 7, recalibrated: 0 },
  ]);
});
