/** @file Ten clean re-runs of the project's own gate, each with three seeds that the baseline and the others have not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../src/config/load.ts';
import type { Variant } from '../../src/config/variants.ts';
import { loadDataset } from '../../src/data/load.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import { baselinePath, readBaseline } from '../../src/gate/baseline.ts';
import { failedCells, judge } from '../../src/gate/judge.ts';
import { type Laboratory, openLaboratory, sweepRuns, trainVariants } from '../gate/experiment.ts';
import { isSoak } from './form.ts';

const RUNS = 10;
const SEEDS_PER_RUN = 3;
const FIRST_SEED = 1000;

// The short form, one clean run, stands in test/gate/planted-faults.test.ts.
describe.runIf(isSoak)('clean re-runs of the gate', () => {
  let laboratory: Laboratory;
  const baseline = readBaseline(baselinePath('ci'), 'ci');

  beforeAll(async () => {
    const experiment = loadExperiment('configs/ci.yaml', {});
    const [first] = experiment.variants as [Variant, ...Variant[]];
    const dataset = await loadDataset(first.settings.dataset);
    const { engine } = await chooseEngine('onnx', { threads: 1 });
    laboratory = await openLaboratory(experiment, dataset, engine);
  });
  afterAll(() => laboratory.evaluator.dispose());

  it.each(Array.from({ length: RUNS }, (_, run) => FIRST_SEED + run * SEEDS_PER_RUN))(
    'passes with three seeds from %d on',
    async (firstSeed) => {
      const seeds = Array.from({ length: SEEDS_PER_RUN }, (_, index) => firstSeed + index);
      expect(baseline.filter(({ seed }) => seeds.includes(seed))).toEqual([]);
      const fresh = await sweepRuns(laboratory, await trainVariants(laboratory, undefined, seeds));
      const report = judge({ experiment: 'ci', baseline, fresh, alpha: 0.01 });
      expect(failedCells(report)).toEqual([]);
      expect(report).toMatchObject({ passed: true, faults: [] });
    },
  );
});
