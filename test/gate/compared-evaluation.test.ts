/** @file Which rows of a baseline with several evaluations are compared. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { selectCompared } from '../../src/gate/compared-evaluation.ts';
import { judge } from '../../src/gate/judge.ts';
import { DENSE_VIEW } from '../../src/sweeps/evaluations.ts';
import { isPlain } from '../../src/sweeps/rows.ts';
import { readSwept } from '../../src/tables/swept-experiment.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';

const TARGETED = { name: 'targeted', granularity: 'weight', dropRate: 0.5, targetRate: 0.5 } as const;
const dense = new SweepRows().add('none', { name: 'none' }, { 0: 0.9 }).add('targeted', TARGETED, { 0: 0.8 });
const gamma = dense.rows
  .filter(({ variant }) => variant === 'targeted')
  .map((row) => ({ ...row, evaluation: 'gamma' as const }));
const MIXED = [...dense.rows, ...gamma];

const compared = (rows: typeof MIXED, view?: Parameters<typeof selectCompared>[3]) =>
  selectCompared(rows, 'few.csv', dense.settings, view);

describe('the rows of a baseline', () => {
  it('are all compared where a variant has one evaluation', () => {
    const kept = [...dense.rows.filter(({ variant }) => variant === 'none'), ...gamma];
    expect(compared(kept)).toEqual({ rows: kept, notes: [] });
  });

  it('are the dense ones where there are several, which is said', () => {
    expect(compared(MIXED)).toEqual({
      rows: dense.rows,
      notes: [
        'the baseline holds other evaluations, too (gamma): --evaluate and --recalibrated compare those',
      ],
    });
  });

  it('are those of the evaluation asked for', () => {
    const { rows, notes } = compared(MIXED, { evaluate: 'gamma', recalibrated: false });
    expect(rows.map(({ variant, evaluation }) => `${variant} ${evaluation}`)).toEqual([
      'none dense',
      'targeted gamma',
    ]);
    expect(notes).toEqual([]);
    expect(() => compared(MIXED, { evaluate: 'dense', recalibrated: true })).not.toThrow();
    expect(() => compared(MIXED, { evaluate: 'stochastic', recalibrated: false })).toThrow(
      'few.csv has no rows of the evaluation "stochastic", expected one of: dense; gamma',
    );
  });
});

const COMMITTED = readdirSync('results/baseline').filter((name) => name.endsWith('.csv'));

describe.each(COMMITTED)('the committed baseline %s', (name) => {
  const path = join('results/baseline', name);
  const { experiment, rows, settings } = readSwept(path);

  it('passes against itself', () => {
    const own = selectCompared(rows, path, settings);
    const report = judge({ experiment, baseline: own.rows, fresh: rows, alpha: 0.01 });
    expect(report).toMatchObject({ passed: true, faults: [] });
    expect(report.cells.length).toBeGreaterThan(0);
    expect(new Set(report.cells.map(({ variant }) => variant))).toEqual(
      new Set(rows.map(({ variant }) => variant)),
    );
  });

  it('fails where every network has lost a tenth of its accuracy', () => {
    const own = selectCompared(rows, path, settings, DENSE_VIEW);
    const worse = rows.filter(isPlain).map((row) => ({ ...row, accuracy: row.accuracy * 0.9 }));
    expect(judge({ experiment, baseline: own.rows, fresh: worse, alpha: 0.01 }).passed).toBe(false);
  });
});
