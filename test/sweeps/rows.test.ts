/** @file Checks sweep.csv: its exact bytes whatever the order of work, reuse, and forgetting of stale rows. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSweep } from '../../src/sweeps/read-sweep.ts';
import {
  checkpointId,
  DENSE,
  findSweepRow,
  type SweepRow,
  sweepPath,
  UNCOUNTED,
} from '../../src/sweeps/rows.ts';
import { mergeSweep } from '../../src/sweeps/store.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { writeNewSweep } from '../support/new-folders.ts';

function rowOf(
  variant: string,
  seed: number,
  result: Partial<SweepRow> = {},
  checkpoint = '5e6f7a8b',
): SweepRow {
  return {
    experiment: 'mnist',
    variant,
    seed,
    granularity: 'weight',
    pruneRate: 0.9,
    sparsity: 0.8996,
    parametersTotal: 1000,
    parametersKept: 109,
    ...DENSE,
    ...UNCOUNTED,
    accuracy: 0.9731,
    loss: 0.08,
    testImages: 10_000,
    runId: checkpointId(`${variant}/seed-${seed}-1a2b3c4d`, `${checkpoint}${'0'.repeat(56)}`),
    ...result,
  };
}

describe('sweep table', () => {
  it('refuses more variants than tables can show side by side', () => {
    const path = join(temporaryFolder(), 'sweep.csv');
    writeNewSweep(
      path,
      Array.from({ length: 2001 }, (_, index) => rowOf(`v${index}`, 0)),
    );
    expect(() => readSweep(path)).toThrow(
      /has runs of 2001 variants and settings, expected at most 2000; mend it/,
    );
  });

  it.each([
    ['an experiment that leads out of the results', 'mnist,none', '../../x,none', 'unknown value "../../x"'],
    ['a variant that leads out of its experiment', 'mnist,none', 'mnist,..', 'unknown value ".."'],
    [
      'a run in another folder',
      'none/seed-0',
      '../etc/seed-0',
      'column run_id: unknown value "../etc/seed-0',
    ],
    [
      'an accuracy in percent',
      '0.9731',
      '97.31',
      'column accuracy: expected a share from 0 to 1, found "97.31"',
    ],
    ['a prune rate below 0', 'weight,0.9', 'weight,-0.9', 'expected a share from 0 to 1, found "-0.9"'],
    ['part of an image', ',10000,', ',10000.5,', 'expected a whole number of at least 0, found "10000.5"'],
    [
      'a share that is no number of images',
      '0.9731',
      '0.97315',
      ':2: accuracy 0.97315, expected a whole number of the 10000 test images',
    ],
    [
      'more parameters than there are',
      ',109,',
      ',1001,',
      ':2: parameters_kept 1001, expected at most the 1000',
    ],
    [
      'a seed that is not exact',
      'none,0,',
      'none,9007199254740993,',
      'expected a whole number of at least 0',
    ],
  ])('refuses %s', (_, good, bad, message) => {
    const path = join(temporaryFolder(), 'sweep.csv');
    writeNewSweep(path, [rowOf('none', 0)]);
    expect(readSweep(path)).toHaveLength(1);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(good);
    writeFileSync(path, text.replace(good, bad));
    expect(() => readSweep(path)).toThrow(message);
  });

  it('refuses rows of two experiments, and takes means over draws', () => {
    const path = join(temporaryFolder(), 'sweep.csv');
    writeNewSweep(path, [rowOf('none', 0), rowOf('none', 1, { experiment: 'other' })]);
    expect(() => readSweep(path)).toThrow(
      /:3: experiment "other", expected "mnist" as in the first row; mend it/,
    );
    const drawn = { evaluation: 'stochastic', draws: 2, accuracy: 0.97315 } as const;
    writeNewSweep(path, [rowOf('none', 0, drawn)]);
    expect(readSweep(path)).toHaveLength(1);
  });

  it('refuses a seed that would count twice: two tables joined, or a run that was trained again', () => {
    const path = join(temporaryFolder(), 'sweep.csv');
    const other = rowOf('none', 1);
    for (const again of [rowOf('none', 0), rowOf('none', 0, {}, 'ffffffff')]) {
      writeNewSweep(path, [rowOf('none', 0), again, other, rowOf('none', 0, { granularity: 'unit' })]);
      expect(() => readSweep(path)).toThrow(
        `${path}:3: seed 0 of variant "none" stands twice at rate 0.9 of weights, first in line 2, expected once; remove one of the two lines`,
      );
    }
  });

  it('names run and checkpoint in one', () => {
    expect(checkpointId('targeted-weight/seed-0-1a2b3c4d', '5e6f7a8b9c0d')).toBe(
      'targeted-weight/seed-0-1a2b3c4d@5e6f7a8b',
    );
  });

  it('is ordered by variant as in the experiment, seed, granularity and rate, whatever the order of work', () => {
    const path = sweepPath(temporaryFolder(), 'mnist');
    const rows = [
      rowOf('none', 10),
      rowOf('targeted', 0, { granularity: 'unit', pruneRate: 0 }),
      rowOf('targeted', 0, { pruneRate: 0.95 }),
      rowOf('none', 2),
      rowOf('targeted', 0),
    ];
    writeNewSweep(path, rows, ['targeted', 'none']);
    const bytes = readFileSync(path, 'utf8');
    expect(bytes).toBe(
      [
        'experiment,variant,seed,granularity,prune_rate,sparsity,parameters_total,parameters_kept,accuracy,loss,test_images,run_id,evaluation,draws,recalibrated,multiply_adds_total,multiply_adds_kept',
        'mnist,targeted,0,weight,0.9,0.8996,1000,109,0.9731,0.08,10000,targeted/seed-0-1a2b3c4d@5e6f7a8b,dense,0,0,,',
        'mnist,targeted,0,weight,0.95,0.8996,1000,109,0.9731,0.08,10000,targeted/seed-0-1a2b3c4d@5e6f7a8b,dense,0,0,,',
        'mnist,targeted,0,unit,0,0.8996,1000,109,0.9731,0.08,10000,targeted/seed-0-1a2b3c4d@5e6f7a8b,dense,0,0,,',
        'mnist,none,2,weight,0.9,0.8996,1000,109,0.9731,0.08,10000,none/seed-2-1a2b3c4d@5e6f7a8b,dense,0,0,,',
        'mnist,none,10,weight,0.9,0.8996,1000,109,0.9731,0.08,10000,none/seed-10-1a2b3c4d@5e6f7a8b,dense,0,0,,',
        '',
      ].join('\n'),
    );
    writeNewSweep(path, readSweep(path).reverse(), ['targeted', 'none']);
    expect(readFileSync(path, 'utf8')).toBe(bytes);
  });

  it('finds a row only for the same checkpoint, granularity and rate', () => {
    const row = rowOf('none', 0);
    const find = (...[runId, granularity, rate]: [string, 'weight' | 'unit', number]) =>
      findSweepRow([row], runId, granularity, rate);
    expect(find(row.runId, 'weight', 0.9)).toBe(row);
    expect(find(row.runId, 'unit', 0.9)).toBeUndefined();
    expect(find(row.runId, 'weight', 0.95)).toBeUndefined();
    expect(find(rowOf('none', 0, {}, 'ffffffff').runId, 'weight', 0.9)).toBeUndefined();
  });

  it('keeps rows, of runs out of sight too, replaces those computed anew and drops those of runs trained again since', () => {
    const kept = rowOf('none', 0);
    const replaced = rowOf('none', 0, { pruneRate: 0.5 });
    const anew = rowOf('none', 0, { pruneRate: 0.5, accuracy: 0.5 });
    const outOfSight = rowOf('dropout', 0);
    const retrained = rowOf('targeted', 0, {}, 'ffffffff');
    const added = rowOf('targeted', 0);
    const wasRetrained = (row: SweepRow) => row === retrained;
    expect(mergeSweep([kept, replaced, outOfSight, retrained], [anew, added], wasRetrained)).toEqual([
      kept,
      anew,
      outOfSight,
      added,
    ]);
  });

  it('reads a file of before there were several evaluations as dense', () => {
    const path = join(temporaryFolder(), 'sweep.csv');
    writeNewSweep(path, [rowOf('none', 0)]);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/,evaluation,draws.*/, '').replace(',dense,0,0,,', ''));
    expect(readFileSync(path, 'utf8')).not.toContain('dense');
    expect(readSweep(path)).toEqual([rowOf('none', 0)]);
  });

  it('reads a file of before multiply-adds were counted, and keeps those of others', () => {
    const path = join(temporaryFolder(), 'sweep.csv');
    const counted = rowOf('none', 0, { multiplyAddsTotal: 1000, multiplyAddsKept: 109 });
    writeNewSweep(path, [counted]);
    expect(readSweep(path)).toEqual([counted]);
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      text.replace(',multiply_adds_total,multiply_adds_kept', '').replace(',1000,109\n', '\n'),
    );
    expect(readSweep(path)).toEqual([rowOf('none', 0)]);
  });

  it('keeps the evaluations of a run apart, and replaces one that was made with other draws or images', () => {
    const dense = rowOf('targeted', 0);
    const noisy = rowOf('targeted', 0, { evaluation: 'stochastic', draws: 5 });
    const recalibrated = rowOf('targeted', 0, { recalibrated: 500 });
    const noisier = { ...noisy, draws: 20 };
    const path = join(temporaryFolder(), 'sweep.csv');
    writeNewSweep(path, [dense, noisy, recalibrated]);
    expect(readSweep(path)).toEqual([dense, recalibrated, noisy]);
    expect(mergeSweep([dense, noisy, recalibrated], [noisier], () => false)).toEqual([
      dense,
      noisier,
      recalibrated,
    ]);
    const find = (terms: Parameters<typeof findSweepRow>[4]) =>
      findSweepRow([dense, noisy], dense.runId, 'weight', 0.9, terms);
    expect(find(DENSE)).toBe(dense);
    expect(find({ evaluation: 'stochastic', draws: 5, recalibrated: 0 })).toBe(noisy);
    expect(find({ evaluation: 'stochastic', draws: 20, recalibrated: 0 })).toBeUndefined();
    writeNewSweep(path, [noisy, noisier]);
    expect(() => readSweep(path)).toThrow(
      'of weights (stochastic with 20 draws), first in line 2, expected once',
    );
  });

  it('is empty before the first sweep', () => {
    expect(readSweep(sweepPath(temporaryFolder(), 'mnist'))).toEqual([]);
  });
});
