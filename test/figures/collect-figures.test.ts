import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectFigures } from '../../src/figures/collect-figures.ts';
import type { AccuracyLine, GranularityFigures, WeightFigure } from '../../src/figures/types.ts';
import type { Granularity } from '../../src/pruning/types.ts';
import { findRuns } from '../../src/runs/find.ts';
import { DENSE_VIEW } from '../../src/sweeps/evaluations.ts';
import { readSweep } from '../../src/sweeps/read-sweep.ts';
import { sweepPath } from '../../src/sweeps/rows.ts';
import { addRuns, type ExperimentResults } from '../../src/tables/experiment-results.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';
import { ACCURACIES, beginRun, directoryOf, EXPERIMENT, weightsOf, writeResults } from './results-folder.ts';

function sourceOf(results: string): ExperimentResults {
  const rows = readSweep(sweepPath(results, EXPERIMENT));
  return addRuns(findRuns(results, [EXPERIMENT]), { experiment: EXPERIMENT, rows, settings: new Map() });
}

async function collect(results: string): Promise<readonly [GranularityFigures, GranularityFigures]> {
  const { granularities } = await collectFigures(sourceOf(results), [DENSE_VIEW]);
  return granularities as unknown as readonly [GranularityFigures, GranularityFigures];
}

/** Of networks as they are. */
function linesOf({ accuracy: [figure] }: GranularityFigures): readonly AccuracyLine[] {
  return figure?.lines ?? [];
}

describe('the figures of an experiment', () => {
  it('have a line for each method of the granularity, named and ordered as tables are', async () => {
    const results = temporaryFolder();
    writeResults(results);
    const [weight, unit] = await collect(results);
    expect([weight.granularity, unit.granularity]).toEqual(['weight', 'unit']);
    expect(linesOf(weight).map(({ heading, variant }) => [heading, variant])).toEqual([
      ['none', 'none'],
      ['targeted(0.66, 0.5)', 'targeted-weight'],
    ]);
    expect(linesOf(unit).map(({ variant }) => variant)).toEqual(['none', 'targeted-unit']);
  });

  it('give methods of one name one style, for weights and for units', async () => {
    const results = temporaryFolder();
    writeResults(results);
    const [weight, unit] = await collect(results);
    const stylesOf = (figures: GranularityFigures) =>
      [linesOf(figures), figures.training, figures.weights?.panels ?? []].map((lines) =>
        lines.map(({ style }) => style),
      );
    expect([...stylesOf(weight), ...stylesOf(unit)]).toEqual(Array(6).fill([0, 1]));
  });

  it('show mean and sample standard deviation over seeds', async () => {
    const results = temporaryFolder();
    writeResults(results);
    const [weight] = await collect(results);
    const [none, targeted] = linesOf(weight);
    expect(none?.points.map(({ rate }) => rate)).toEqual([0, 0.5, 0.9]);
    const [a = 0, b = 0] = ACCURACIES.none?.[1] ?? [];
    expect(none?.points[1]?.accuracy.mean).toBeCloseTo((a + b) / 2, 12);
    // Of two numbers: half their distance times the root of 2.
    expect(none?.points[1]?.accuracy.deviation).toBeCloseTo((Math.abs(a - b) / 2) * Math.SQRT2, 12);
    expect(targeted?.points[0]?.accuracy).toEqual({ mean: 0.97, deviation: 0, seeds: 2 });
    const [first, second] = weight.training[0]?.points ?? [];
    expect(first?.trainLoss?.mean).toBeCloseTo((1 + 2) / 2, 12);
    expect(second?.testAccuracy?.mean).toBeCloseTo((0.9 + 0.88) / 2, 12);
  });

  it('separate weights by the rate that targeted methods share, of the lowest seed', async () => {
    const results = temporaryFolder();
    writeResults(results);
    const [weight] = await collect(results);
    const { rate, panels } = weight.weights as WeightFigure;
    expect(rate).toBe(0.5);
    expect(panels.map(({ seed }) => seed)).toEqual([0, 0]);
    const measured = panels[0]?.removedNorm;
    const expected = (columnShare([784, 4], 'dense1/kernel') + columnShare([4, 3], 'dense2/kernel')) / 2;
    expect(measured).toBeCloseTo(expected, 6);
    expect(weight.layers?.layers).toEqual(['dense1', 'dense2']);
    expect(weight.layers?.rows[0]?.pruned).toEqual([0.5, 0.5]);
  });

  it('are drawn without a measure.csv that cannot be read, which is told once with its remedy', async () => {
    const results = temporaryFolder();
    writeResults(results);
    writeFileSync(join(results, EXPERIMENT, 'measure.csv'), 'x,y\n');
    const { problems, granularities } = await collectFigures(sourceOf(results), [DENSE_VIEW]);
    expect(problems).toEqual([
      expect.stringMatching(
        /measure\.csv:1: expected the columns .*, found x,y; mend it, or remove it to have all networks measured anew$/,
      ),
    ]);
    expect(granularities).toHaveLength(2);
  });

  it('say which network is measured, and of how many', async () => {
    const results = temporaryFolder();
    writeResults(results);
    const told: unknown[] = [];
    await collectFigures(sourceOf(results), [DENSE_VIEW], {
      startStage: (label, total) => ({
        update: (done, detail) => told.push([label, done, total, detail]),
        stop: () => told.push('stopped'),
      }),
    });
    const label = 'measuring networks of few';
    const headings = ['none', 'targeted(0.66, 0.5)', 'none', 'targeted(0.66, 0.5)'];
    expect(told).toEqual([...headings.map((heading, done) => [label, done, 4, heading]), 'stopped']);
  });

  it('show runs that go on as far as they are, and nothing of their weights', async () => {
    const results = temporaryFolder();
    const [run] = writeResults(results);
    if (run === undefined) throw new Error('there is a run');
    rmSync(join(results, EXPERIMENT), { recursive: true });
    beginRun(results, run);
    const { granularities } = await collectFigures(sourceOf(results), [DENSE_VIEW]);
    expect(granularities).toHaveLength(1);
    expect(granularities[0]).toMatchObject({ accuracy: [], training: [{ variant: 'none' }] });
    expect(granularities[0]).not.toHaveProperty('weights');
  });

  it('do without a network whose checkpoint is gone', async () => {
    const results = temporaryFolder();
    const [run] = writeResults(results);
    if (run === undefined) throw new Error('there is a run');
    rmSync(join(directoryOf(results, run), 'checkpoint.safetensors'));
    const [weight] = await collect(results);
    expect(weight.weights?.panels.map(({ variant }) => variant)).toEqual(['targeted-weight']);
    expect((await collectFigures(sourceOf(results), [DENSE_VIEW])).problems).toEqual([]);
  });

  it('do without a network whose checkpoint is damaged, and say so once', async () => {
    const results = temporaryFolder();
    const [run] = writeResults(results);
    if (run === undefined) throw new Error('there is a run');
    const path = join(directoryOf(results, run), 'checkpoint.safetensors');
    appendFileSync(path, 'x');
    const { granularities, problems } = await collectFigures(sourceOf(results), [DENSE_VIEW]);
    expect(granularities[0]?.weights?.panels.map(({ variant }) => variant)).toEqual(['targeted-weight']);
    expect(problems).toEqual([
      `${path} is damaged: its SHA-256 is not the one in checkpoint.json; remove the folder to train this run again`,
    ]);
  });
});

/** Share of the squared norm in the lower half of each column, by sorting. */
function columnShare([rows = 0, columns = 0]: readonly number[], name: string): number {
  const weight = weightsOf(name, [rows, columns], 0);
  let removed = 0;
  for (let column = 0; column < columns; column++) {
    const squares = Array.from({ length: rows }, (_, row) => (weight[row * columns + column] ?? 0) ** 2);
    const lowest = squares.toSorted((a, b) => a - b).slice(0, rows / 2);
    removed += lowest.reduce((sum, square) => sum + square, 0);
  }
  return removed / weight.reduce((sum, value) => sum + value ** 2, 0);
}

/** The sweep of a grid of targeted dropout by weights. */
function sweepGrid(granularities: readonly Granularity[]): SweepRows {
  const swept = new SweepRows();
  for (const dropRate of [0.33, 0.66])
    for (const targetRate of [0.5, 0.75]) {
      const variant = `targeted--dropRate-${dropRate}--targetRate-${targetRate}`;
      swept.add(
        variant,
        { name: 'targeted', granularity: 'weight', dropRate, targetRate },
        { 0: 0.9, 0.5: 0.7 },
        granularities,
      );
    }
  return swept;
}

it('has grids of those methods alone that its tables have: none for units of methods that are trained to lose weights', async () => {
  const { rows, settings } = sweepGrid(['weight', 'unit']);
  const source = { experiment: 'few', rows, settings, runs: [], leftOut: [], passedOver: [] };
  const { granularities } = await collectFigures(source, [DENSE_VIEW]);
  expect(granularities.map(({ granularity, grids }) => [granularity, grids?.length])).toEqual([
    ['weight', 1],
    ['unit', 0],
  ]);
});

it('leaves grids and costs out where another evaluation alone is shown', async () => {
  const swept = sweepGrid(['weight']);
  const dense = swept.rows.map((row) => ({ ...row, multiplyAddsTotal: 1000, multiplyAddsKept: 400 }));
  const gamma = dense.map((row) => ({ ...row, evaluation: 'gamma' as const }));
  const { settings } = swept;
  const source = {
    experiment: 'few',
    rows: [...dense, ...gamma],
    settings,
    runs: [],
    leftOut: [],
    passedOver: [],
  };
  const countShown = async (...evaluate: readonly ('dense' | 'gamma')[]) => {
    const views = evaluate.map((one) => ({ evaluate: one, recalibrated: false }));
    const [figures] = (await collectFigures(source, views)).granularities;
    return [figures?.accuracy.length, figures?.costs?.length, figures?.grids?.length];
  };
  expect(await countShown('dense', 'gamma')).toEqual([2, 1, 1]);
  expect(await countShown('gamma')).toEqual([1, 0, 0]);
});
