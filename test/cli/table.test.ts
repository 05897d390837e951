/** @file td table: which sweep a user can name in which ways, and what is printed where. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../src/config/load.ts';
import { renderSettings } from '../../src/config/render.ts';
import { UserError } from '../../src/errors.ts';
import { findSwept } from '../../src/tables/swept-experiment.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { writeNewSweep } from '../support/new-folders.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';
import { makeFolder, TD, td } from './td.ts';

const EXPERIMENT = `
name: few
variants:
  plain: {}
  other:
    regularizer: { name: targeted, granularity: weight, dropRate: 0.5, targetRate: 0.5 }
`;

const SWEEP = new SweepRows()
  .add(
    'other',
    { name: 'targeted', granularity: 'weight', dropRate: 0.5, targetRate: 0.5 },
    { 0: 0.97, 0.8: 0.9 },
  )
  .add('plain', { name: 'none' }, { 0: [0.98, 0.99], 0.8: [0.5, 0.6] }, ['weight', 'unit']);

describe('td table', () => {
  const place = makeFolder({ 'few.yaml': EXPERIMENT });
  afterAll(place.remove);
  let byName: Awaited<ReturnType<typeof td>>;
  let byFile: Awaited<ReturnType<typeof td>>;
  beforeAll(async () => {
    writeNewSweep(join(place.folder, 'results/few/sweep.csv'), SWEEP.rows);
    [byName, byFile] = await Promise.all([
      td(place.folder, 'table', 'few'),
      td(place.folder, 'table', 'few.yaml', '--granularity', 'weight', '--format', 'csv', '--paper'),
    ]);
  });

  it('prints a table for each granularity that was swept', () => {
    // Sample deviation of 0.98 and 0.99 is 0.01 / √2, of 0.5 and 0.6 0.1 / √2.
    expect(byName).toEqual({
      code: 0,
      stderr: '',
      stdout: `\
few: Test accuracy in percent, weights pruned (mean ± sd over 1 to 2 seeds, * best of the row)

pruned          other                  plain
   0 %  97.00 (n = 1)   98.50 ± 0.71 (n = 2)*
  80 %  90.00 (n = 1)*  55.00 ± 7.07 (n = 2)

- Evaluation: dense, networks as training left them.
- Missing: other seed 1 (not trained).

few: Test accuracy in percent, units pruned (mean ± sd over 2 seeds, * best of the row)

pruned         plain
   0 %  98.50 ± 0.71
  80 %  55.00 ± 7.07

- Evaluation: dense, networks as training left them.
- Missing: other seed 0 (not swept); other seed 1 (not trained).
`,
    });
  });

  it('takes methods from the experiment file, and says on standard error what has no place in CSV', () => {
    const [header, ...rows] = byFile.stdout.trim().split('\n');
    expect(header).toMatch(
      /^prune_rate,none mean,none sd,none n,none paper,none difference,"targeted\(0\.5, 0\.5\) mean",/,
    );
    expect(rows.map((row) => row.split(',')[4])).toEqual(['0.9371', '0.3202']);
    expect(byFile.stderr).toMatch(/^Another data set: /m);
    expect(byFile.code).toBe(0);
  });

  it('prints JSON for --json, and refuses another format beside it', async () => {
    const [json, csv] = await Promise.all([
      td(place.folder, 'table', 'few', '--json'),
      td(place.folder, 'table', 'few', '--json', '--format', 'csv'),
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject([
      { granularity: 'weight', missing: [{ variant: 'other', seed: 1, state: 'not trained' }] },
      { granularity: 'unit', missing: [{ seed: 0, state: 'not swept' }, { seed: 1 }] },
    ]);
    expect(csv).toEqual({
      code: 2,
      stdout: '',
      stderr: 'td: --json and --format csv are both given, expected one of them\n',
    });
  });

  it('lays out a grid for the granularity that its methods are trained for, and for another that is asked for', async () => {
    const swept = new SweepRows();
    for (const dropRate of [0.33, 0.66])
      for (const targetRate of [0.5, 0.75])
        swept.add(
          `t--dropRate-${dropRate}--targetRate-${targetRate}`,
          { name: 'targeted', granularity: 'weight', dropRate, targetRate },
          { 0.8: 0.9 },
          ['weight', 'unit'],
        );
    const rows = swept.rows.map((row) => ({ ...row, experiment: 'grid' }));
    writeNewSweep(join(place.folder, 'results/grid/sweep.csv'), rows);
    const variant = '{ name: targeted, granularity: weight }';
    const axes = '{ dropRate: [0.33, 0.66], targetRate: [0.5, 0.75] }';
    const text = `variants: { t: { regularizer: ${variant}, grid: ${axes} } }\n`;
    writeFileSync(join(place.folder, 'grid.yaml'), text);
    const show = async (...flags: string[]) => {
      const { stdout } = await td(place.folder, 'table', 'grid.yaml', '--grid', '0.8', '--json', ...flags);
      return JSON.parse(stdout).map(({ granularity }: { granularity: string }) => granularity);
    };
    expect(await show()).toEqual(['weight']);
    expect(await show('--granularity', 'unit')).toEqual(['unit']);
  });

  it('tells what it does not find, and what there is', async () => {
    const mistyped = await td(place.folder, 'table', 'fw');
    expect(mistyped).toEqual({
      code: 2,
      stdout: '',
      stderr: 'td: results holds no swept experiment "fw" (did you mean "few"?)\n',
    });
  });
});

describe('findSwept', () => {
  /** A results folder with the sweep of an experiment that this program has not. */
  function makeResults(): string {
    const results = temporaryFolder();
    writeNewSweep(join(results, 'few/sweep.csv'), SWEEP.rows);
    return results;
  }

  it('finds a sweep by name, folder and file', () => {
    const results = makeResults();
    const named = findSwept('few', results);
    expect(named.rows).toHaveLength(SWEEP.rows.length);
    expect(findSwept(join(results, 'few'), 'elsewhere')).toEqual(named);
    expect(findSwept(join(results, 'few/sweep.csv'), 'elsewhere')).toEqual(named);
  });

  it('takes settings from the folders of runs, if their hash is that of the row', () => {
    const results = makeResults();
    const file = join(results, 'few.yaml');
    writeFileSync(file, EXPERIMENT);
    const experiment = loadExperiment(file);
    for (const { runId, variant } of SWEEP.rows) {
      const folder = join(results, 'few', runId.replace(/@.*/, ''));
      mkdirSync(folder, { recursive: true });
      const variants = experiment.variants.filter(({ name }) => name === variant);
      writeFileSync(join(folder, 'config.yaml'), renderSettings({ ...experiment, variants }));
    }
    expect(findSwept('few', results).settings).toEqual(SWEEP.settings);
    const changed = new SweepRows({ schedule: { epochs: 77 } }).add('plain', { name: 'none' }, { 0: 0.9 });
    writeNewSweep(join(results, 'few/sweep.csv'), changed.rows);
    expect(findSwept('few', results).settings.size).toBe(0);
  });

  it('takes settings from the experiments that come with the program', () => {
    const experiment = loadExperiment(join(TD, '../../configs/mnist-mlp.yaml'));
    const none = experiment.variants.find(({ name }) => name === 'none');
    const rows = new SweepRows(none?.settings).add('none', { name: 'none' }, { 0: 0.98 }).rows;
    const path = join(temporaryFolder(), 'mnist-mlp.csv');
    writeNewSweep(
      path,
      rows.map((row) => ({ ...row, experiment: 'mnist-mlp' })),
    );
    const { experiment: name, settings } = findSwept(path, 'elsewhere');
    expect([name, [...settings.values()]]).toEqual(['mnist-mlp', [none?.settings]]);
  });

  it.each([
    ['nothing.csv', /there is no file nothing\.csv/],
    ['nothing', /holds no swept experiment "nothing" \(expected one of: few\)/],
  ])('refuses %s', (argument, message) => {
    const results = makeResults();
    expect(() => findSwept(argument, results)).toThrow(UserError);
    expect(() => findSwept(argument, results)).toThrow(message);
  });

  it('says how to sweep an experiment that is not swept', () => {
    const file = join(temporaryFolder(), 'other.yaml');
    writeFileSync(file, 'variants: { plain: {} }');
    expect(() => findSwept(file, 'elsewhere')).toThrow(
      `experiment "other" is not swept in elsewhere; sweep with: td sweep ${file} --results elsewhere`,
    );
  });
});
