/** @file The measurement of dependence from trained runs to its table, and the page that shows the committed one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { differenceOf } from '../../scripts/difference.ts';
import {
  COMMITTED,
  type DependenceRow,
  readPublishedRows,
  readRows,
} from '../../scripts/toy-hessian/rows.ts';
import { PAGE, refreshDependence, renderDependence } from '../../scripts/toy-hessian/table.ts';
import { readSweep } from '../../src/sweeps/read-sweep.ts';
import { summarizeSeeds } from '../../src/tables/cell.ts';
import { execute, makeFolder, td } from '../cli/td.ts';

const ROOT = join(import.meta.dirname, '../..');

const EXPERIMENT = `
dataset: { name: mnist, trainImages: 2000, testImages: 700 }
model: { name: mlp, widths: [10] }
schedule: { learningRate: 0.1, batchSize: 50, epochs: 2 }
sweep: { prune: "0,0.75", granularity: weight }
variants:
  none: {}
  targeted-weight:
    regularizer: { name: targeted, granularity: weight, dropRate: 0.5, targetRate: 0.75 }
`;

const place = makeFolder({ 'small.yaml': EXPERIMENT });
afterAll(() => place.remove());

function measure(...parameters: string[]) {
  const script = join(ROOT, 'scripts/toy-hessian/main.ts');
  return execute(
    process.execPath,
    ['--import', 'tsx', script, ...parameters, '--threads', '1', '--results', join(place.folder, 'results')],
    ROOT,
  );
}

describe('npm run toy-hessian', () => {
  it('measures every trained run, with accuracies as td sweep has them and a change in loss near the predicted one', async () => {
    for (const command of ['run', 'sweep'])
      expect(await td(place.folder, command, 'small.yaml', '--threads', '1')).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await measure('small', '--draws', '2');
    expect(code, stderr).toBe(0);
    const rows = readRows(join(place.folder, 'results/small/dependence.csv'));
    expect(rows.map(({ method }) => method)).toEqual(['none', 'targeted(0.5, 0.75)']);
    expect(stdout).toContain('| none | 1 | ');
    const swept = readSweep(join(place.folder, 'results/small/sweep.csv'));
    for (const row of rows) {
      const own = swept.filter(({ runId }) => runId === row.runId);
      expect(own.map(({ accuracy }) => accuracy)).toEqual([row.accuracy, row.prunedAccuracy]);
      const measured = row.prunedLoss - row.loss;
      const predicted = row.firstOrder + row.secondOrder;
      expect(Math.abs(predicted - measured)).toBeLessThan(0.5 * Math.abs(measured) + 0.01);
      expect(row.secondOrder).toBeCloseTo(row.removedSum / 2, 12);
      expect(row.keptNorm).toBeGreaterThan(row.removedNorm);
    }
  });

  it('says in a sentence that nothing is trained', async () => {
    const { code, stderr } = await measure('absent');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^toy-hessian: no run of experiment "absent" is trained in /);
  });

  it('says in a sentence what is wrong with its command line', async () => {
    const { code, stderr } = await measure('absent', '--drawz', '3');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'toy-hessian: unknown option "--drawz" (did you mean "--draws"?); see npm run toy-hessian -- --help\n',
    );
  });
});

describe('docs/dependence.md', () => {
  it('shows the committed measurements of the toy experiment: npm run docs:results brings it up to date', () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(refreshDependence(page, readRows(COMMITTED), readPublishedRows())).toBe(page);
    expect(readRows(COMMITTED).length).toBeGreaterThan(1);
  });

  it('says of the measurements what they bear out', () => {
    const rows = readRows(COMMITTED);
    const valuesOf = (method: string, quantity: (row: DependenceRow) => number) =>
      rows.filter((row) => row.method === method).map(quantity);
    const compare = (quantity: (row: DependenceRow) => number) => {
      const [plain, targeted] = [valuesOf('none', quantity), valuesOf('targeted(0.5, 0.75)', quantity)];
      const { mean, margin = Number.NaN } = differenceOf(plain, targeted) ?? { mean: Number.NaN };
      const meanOf = (values: readonly number[]) => summarizeSeeds(values)?.mean ?? Number.NaN;
      return { low: mean - margin, high: mean + margin, ratio: meanOf(targeted) / meanOf(plain) };
    };
    const predicted = compare((row) => Math.abs(row.firstOrder + row.secondOrder));
    expect(predicted.high, '|ΔE| falls').toBeLessThan(0);
    expect(predicted.ratio, 'about as many times as in the paper').toBeCloseTo(0.0145907 / 0.120698, 1);
    const pruned = compare(({ prunedAccuracy }) => prunedAccuracy);
    expect(pruned.low, 'accuracy after pruning rises').toBeGreaterThan(0);
    const whole = compare(({ accuracy }) => accuracy);
    expect(Math.sign(whole.low), 'accuracy without pruning does not differ for sure').not.toBe(
      Math.sign(whole.high),
    );
    const curvature = compare(({ secondOrder }) => secondOrder);
    expect(Math.sign(curvature.low), 'the Hessian term does not differ for sure').not.toBe(
      Math.sign(curvature.high),
    );
    const slope = compare(({ firstOrder }) => firstOrder);
    expect(slope.high, 'the gradient term falls').toBeLessThan(0);
  });

  it('has the published numbers of both methods beside ours', () => {
    const tables = renderDependence(readRows(COMMITTED), readPublishedRows());
    expect(tables).toMatch(/\| none \|.*\| 0\.120698 \|.*\| 38\.11 \|.*\| 26\.13 \|/);
    expect(tables).toMatch(/\| targeted\(0\.5, 0\.75\) \|.*\| 0\.0145907 \|.*\| 40\.09 \|.*\| 40\.14 \|/);
  });
});
