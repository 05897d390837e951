/** @file Runs that a table lacks are named, with what became of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { findRuns } from '../../src/runs/find.ts';
import { allRuns, describeMissing, findMissing, type MissingRun } from '../../src/tables/missing-runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';

const FILE = 'seeds: [0, 1]\nvariants: { none: , l1: { regularizer: { name: l1 } } }';

function load(folder: string) {
  writeFileSync(join(folder, 'few.yaml'), FILE);
  return expandRuns(loadExperiment(join(folder, 'few.yaml')));
}

/** The folder of a run that failed, as its log says. */
function leaveFailed(results: string, id: string): void {
  const folder = join(results, 'few', id);
  mkdirSync(folder, { recursive: true });
  const entry = { level: 50, err: { message: 'the loss at step 3 is NaN' }, msg: 'training failed' };
  writeFileSync(join(folder, 'log.jsonl'), `${JSON.stringify(entry)}\n`);
}

describe('findMissing', () => {
  it('names the runs of the file that the table lacks, and why', () => {
    const results = temporaryFolder();
    const runs = load(results);
    const rows = new SweepRows().add('none', { name: 'none' }, { 0: 0.9 }).rows;
    const idOf = (variant: string, seed: number) =>
      runs.find((run) => run.variant === variant && run.seed === seed)?.id ?? '';
    leaveFailed(results, idOf('l1', 0));
    mkdirSync(join(results, 'few', idOf('none', 1)), { recursive: true });
    const missing = findMissing(rows, 'weight', {
      expected: runs,
      found: allRuns(findRuns(results, ['few'])),
    });
    expect(missing).toEqual([
      { variant: 'none', seed: 1, state: 'unfinished' },
      { variant: 'l1', seed: 0, state: 'failed', reason: 'the loss at step 3 is NaN' },
      { variant: 'l1', seed: 1, state: 'not trained' },
    ]);
    expect(findMissing(rows, 'unit', { expected: runs, found: [] })).toHaveLength(4);
  });

  it('expects every seed of every variant where there is no file', () => {
    const results = temporaryFolder();
    const rows = new SweepRows()
      .add('none', { name: 'none' }, { 0: [0.9, 0.9], 0.5: [0.8, 0.8] })
      .add('l1', { name: 'l1' }, { 0: 0.9 }).rows;
    leaveFailed(results, 'other/seed-0-1a2b3c4d');
    expect(findMissing(rows, 'weight', { found: allRuns(findRuns(results, ['few'])) })).toEqual([
      { variant: 'l1', seed: 1, state: 'not trained' },
      { variant: 'other', seed: 0, state: 'failed', reason: 'the loss at step 3 is NaN' },
      { variant: 'other', seed: 1, state: 'not trained' },
    ]);
  });
});

describe('a table of one granularity', () => {
  it('does not miss what was trained to lose the other kind of part, if that is known', () => {
    const by = (granularity: 'weight' | 'unit') =>
      ({ name: 'targeted', granularity, dropRate: 0.5, targetRate: 0.5 }) as const;
    const { rows, settings } = new SweepRows()
      .add('none', { name: 'none' }, { 0: [0.9, 0.9] }, ['weight', 'unit'])
      .add('by-weight', by('weight'), { 0: 0.9 }, ['weight', 'unit'])
      .add('by-unit', by('unit'), { 0: 0.9 }, ['weight', 'unit']);
    const missing = (known: object) => findMissing(rows, 'weight', { found: [], ...known });
    expect(missing({ settings }).map(({ variant }) => variant)).toEqual(['by-weight']);
    expect(missing({}).map(({ variant }) => variant)).toEqual(['by-unit', 'by-weight']);
  });
});

describe('describeMissing', () => {
  it('is one sentence, with seeds of one fate together, and nothing where nothing is missing', () => {
    const run = (variant: string, seed: number, state: MissingRun['state'], reason?: string) => ({
      variant,
      seed,
      state,
      ...(reason === undefined ? {} : { reason }),
    });
    expect(
      describeMissing([
        run('l1', 0, 'not trained'),
        run('l1', 2, 'not trained'),
        run('none', 1, 'failed', 'the loss at step 3 is NaN'),
      ]),
    ).toEqual(['Missing: l1 seeds 0, 2 (not trained); none seed 1 (failed: the loss at step 3 is NaN).']);
    expect(describeMissing([])).toEqual([]);
  });
});
