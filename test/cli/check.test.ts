/** @file td baseline and td check: what they write, print and exit with. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { hashOf } from '../../src/config/identity.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import type { SweepRow } from '../../src/sweeps/rows.ts';
import { writeNewSweep } from '../support/new-folders.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';
import { type Ended, makeFolder, td } from './td.ts';

const L1 = { name: 'l1', coefficient: 0.2 } as const;
const EXPERIMENT = `
name: few
variants:
  plain: {}
  l1:
    regularizer: { name: l1, coefficient: 0.2 }
`;

/** @param l1 accuracies of variant l1 at 80 % */
function sweep(
  l1: readonly number[],
  regularizer: z.input<typeof runSettingsSchema>['regularizer'] = L1,
): SweepRow[] {
  return new SweepRows()
    .add('plain', { name: 'none' }, { 0: [0.98, 0.982, 0.981], 0.8: [0.5, 0.6, 0.55] })
    .add('l1', regularizer, { 0: [0.97, 0.972, 0.973], 0.8: l1 }).rows;
}

const GOOD = [0.9, 0.91, 0.905];
const place = makeFolder({ 'few.yaml': EXPERIMENT });
afterAll(place.remove);

/** Runs td where `results/few/sweep.csv` is the good sweep and `<name>/few/sweep.csv` are others. */
function run(...words: readonly string[]): Promise<Ended> {
  return td(place.folder, ...words);
}

beforeAll(async () => {
  const write = (results: string, rows: readonly SweepRow[]) =>
    writeNewSweep(join(place.folder, results, 'few/sweep.csv'), rows, ['plain', 'l1']);
  write('results', sweep(GOOD));
  write('fallen', sweep([0.7, 0.72, 0.71]));
  write('perfect', sweep([0.91, 1, 0.9]));
  write('changed', sweep(GOOD, { name: 'l1', coefficient: 0.3 }));
  write(
    'lacking',
    sweep(GOOD).filter(({ variant }) => variant === 'plain'),
  );
  const { code, stderr } = await run('baseline', 'few.yaml');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

describe('td baseline', () => {
  it('writes the rows of the sweep as they are', () => {
    const read = (path: string) => readFileSync(join(place.folder, path), 'utf8');
    expect(read('results/baseline/few.csv')).toBe(read('results/few/sweep.csv'));
  });

  it.skipIf(!existsSync('/dev/stdout'))('goes to standard output alone if that is asked for', async () => {
    const { code, stdout } = await run('baseline', 'few.yaml', '--out', '/dev/stdout');
    expect(stdout).toBe(readFileSync(join(place.folder, 'results/few/sweep.csv'), 'utf8'));
    expect(code).toBe(0);
    expect(existsSync('/dev/stdout')).toBe(true);
  });

  it('refuses a sweep without a variant of the experiment, or with others settings, and says what to do', async () => {
    const [lacking, changed] = await Promise.all([
      run('baseline', 'few.yaml', '--results', 'lacking'),
      run('baseline', 'few.yaml', '--results', 'changed'),
    ]);
    expect(lacking).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'td: variant "l1" is not swept with its present settings; train and sweep it with: ' +
        'td run few.yaml --results lacking && td sweep few.yaml --results lacking\n',
    });
    expect(changed.code).toBe(2);
  });

  it('warns of a single seed, and of a network that makes no mistake', async () => {
    const rows = sweep(GOOD).filter(({ seed, variant }) => variant === 'plain' || seed === 0);
    const perfect = rows.map((row) => (row.variant === 'l1' ? { ...row, accuracy: 1 } : row));
    writeNewSweep(join(place.folder, 'poor/few/sweep.csv'), perfect);
    const { code, stderr } = await run('baseline', 'poor/few', '--out', 'poor.csv');
    expect(code).toBe(0);
    expect(stderr).toBe(
      'warning: one seed only, so that its spread is not known: l1\n' +
        'warning: every test image is classified correctly: l1\n',
    );
  });
});

describe('td check', () => {
  it('passes a sweep that is like its baseline', async () => {
    expect(await run('check', 'few.yaml')).toEqual({
      code: 0,
      stdout:
        'passed: few: 4 cells as in the baseline (baseline 3 seeds, fresh 3 seeds)\n- evaluation: dense\n',
      stderr: '',
    });
  });

  it('compares the evaluation asked for, of a baseline that holds several', async () => {
    const sweeps = sweep(GOOD);
    const anew = sweeps.map((row) => ({ ...row, recalibrated: 1000, accuracy: row.accuracy * 0.9 }));
    writeNewSweep(join(place.folder, 'several.csv'), [...sweeps, ...anew]);
    writeNewSweep(join(place.folder, 'several/few/sweep.csv'), [...sweeps, ...anew]);
    const check = (results: string, ...flags: string[]) =>
      run('check', 'few', '--results', results, '--baseline', 'several.csv', ...flags);
    const [dense, recalibrated, missing, kept] = await Promise.all([
      check('several'),
      check('several', '--recalibrated'),
      check('results', '--recalibrated'),
      run('baseline', 'few', '--results', 'several', '--out', 'several.csv'),
    ]);
    expect([dense.code, recalibrated.code, missing.code]).toEqual([0, 0, 1]);
    expect(dense.stdout).toContain(
      '\n- evaluation: dense\n- the baseline holds other evaluations, too (dense, recalibrated): --evaluate and --recalibrated compare those\n',
    );
    expect(recalibrated.stdout).toMatch(/\n- evaluation: dense, recalibrated on 1000 images\n$/);
    expect(missing.stdout).toContain('"td sweep --evaluate dense --recalibrate 1000" makes them');
    expect(kept).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'td: several.csv holds several evaluations of "l1" (dense; dense, recalibrated on 1000 images), of which one would be left; write elsewhere with --out, or remove it first\n',
    });
  });

  it('exits 1 where a cell fell, and says which, by how much, and how sure it is', async () => {
    const { code, stdout, stderr } = await run(
      'check',
      'few.yaml',
      '--results',
      'fallen',
      '--summary',
      'summary.md',
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('failed: few: 1 of 4 cells failed (baseline 3 seeds, fresh 3 seeds)');
    expect(lines[4]).toMatch(
      /^l1 +80 % of weights +90\.50 ± 0\.50 +71\.00 ± 1\.00 +-19\.50 +\d\d\.\d\d to \d\d\.\d\d +(< )?0\.0\d+ +fell$/,
    );
    const summary = readFileSync(join(place.folder, 'summary.md'), 'utf8');
    expect(summary).toMatch(/^### Failed: few: 1 of 4 cells failed /);
    // Once among those that failed, once among all.
    expect(summary.match(/^\| l1 \| 80 % of weights \| .* \| fell \|$/gm)).toHaveLength(2);
    expect(summary.match(/\| ok \|$/gm)).toHaveLength(3);
  });

  it.each([
    ['perfect', /100 %: a run classifies every test image correctly/],
    ['changed', /l1: other settings than those of the baseline/],
  ])('exits 1 where a sweep is %s', async (results, message) => {
    const { code, stdout } = await run('check', 'few.yaml', '--results', results);
    expect(code).toBe(1);
    expect(stdout).toMatch(message);
  });

  it('exits 1 where a variant is missing, and is then JSON for those who ask for it', async () => {
    const check = (...flags: string[]) => run('check', 'few', '--results', 'lacking', ...flags);
    const [asked, short] = await Promise.all([check('--format', 'json'), check('--json')]);
    expect(short).toEqual(asked);
    const { code, stdout } = asked;
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as { cells: unknown[] };
    expect(report).toMatchObject({
      experiment: 'few',
      alpha: 0.01,
      passed: false,
      faults: [{ kind: 'missing', variant: 'l1' }],
    });
    expect(report.cells).toHaveLength(2);
  });

  it('exits 2 for mistakes, in a sentence', async () => {
    const other = mkdtempSync(join(tmpdir(), 'td-check-'));
    writeNewSweep(
      join(other, 'other.csv'),
      sweep(GOOD).map((row) => ({ ...row, experiment: 'other' })),
    );
    const attempts = await Promise.all([
      run('check', 'few', '--baseline', 'none.csv'),
      run('check', 'few', '--baseline', join(other, 'other.csv')),
      run('check', 'few', '--alpha', '1'),
    ]);
    rmSync(other, { recursive: true });
    expect(attempts.map(({ code, stdout }) => [code, stdout])).toEqual(Array(3).fill([2, '']));
    expect(attempts.map(({ stderr }) => stderr)).toEqual([
      'td: none.csv is missing or has no rows; "td baseline few --out none.csv" writes one\n',
      `td: ${join(other, 'other.csv')} is a baseline of experiment "other", expected one of "few"\n`,
      'td: --alpha is "1", expected a share between 0 and 1, such as 0.01\n',
    ]);
  });
});

it('the fixtures have the hashes of the experiment file', () => {
  const settings = runSettingsSchema.parse({ regularizer: L1 });
  expect(sweep(GOOD).at(-1)?.runId).toContain(hashOf(settings).slice(0, 8));
});
