/** @file The guard against slower training steps. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createCalibration } from '../../scripts/guard/calibration.ts';
import { compareFigures, figureOf, figuresSchema } from '../../scripts/guard/compare.ts';
import { createWorkload, WORKLOADS } from '../../scripts/guard/workloads.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';

it('divides the shortest times, which others disturbed least', () => {
  const times = [
    { calibration: 2, workload: 50 },
    { calibration: 5, workload: 30 },
    { calibration: 4, workload: 31 },
  ];
  expect(figureOf(times)).toBe(15);
});

it('lets a workload grow by a quarter and no more, and none without a figure', () => {
  const comparisons = compareFigures(
    { even: 12.5, slower: 12.6, faster: 5, fresh: 1 },
    { even: 10, slower: 10, faster: 10 },
  );
  expect(comparisons.map(({ workload, growth, fails }) => [workload, growth, fails])).toEqual([
    ['even', 1.25, false],
    ['slower', 1.26, true],
    ['faster', 0.5, false],
    ['fresh', undefined, true],
  ]);
});

it('has a committed figure for each workload, and no other', () => {
  const path = new URL('../../scripts/guard/figures.json', import.meta.url);
  const figures = figuresSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  expect(Object.keys(figures)).toEqual(Object.keys(WORKLOADS));
});

it('runs its calibration and a workload', async () => {
  const calibrate = await createCalibration();
  await calibrate();
  const step = await createWorkload(
    await createOnnxEngine({ threads: 1 }),
    WORKLOADS['mlp targeted-weight'] ?? {},
  );
  await step();
  await step();
});
