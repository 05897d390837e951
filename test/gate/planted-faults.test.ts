/** @file The project's own gate, configs/ci.yaml with its committed baseline: which faults it catches. */

import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadExperiment } from '../../src/config/load.ts';
import type { Variant } from '../../src/config/variants.ts';
import { loadDataset } from '../../src/data/load.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import { formatRate } from '../../src/format.ts';
import { baselinePath, readBaseline } from '../../src/gate/baseline.ts';
import { failedCells, type Judgement, judge } from '../../src/gate/judge.ts';
import type { SweepRow } from '../../src/sweeps/rows.ts';
import { type Laboratory, openLaboratory, sweepRuns, type TrainedRun, trainVariants } from './experiment.ts';

type Fault =
  | 'candidates from the top'
  | 'nothing is dropped'
  | 'the mask is not redrawn'
  | 'entries and columns are mistaken for each other'
  | 'the largest are pruned'
  | 'the learning rate is a tenth';

const planted = vi.hoisted(() => ({ fault: undefined as Fault | undefined }));

vi.mock('../../src/methods/masks.ts', async (load) => {
  const masks = await load<typeof import('../../src/methods/masks.ts')>();
  const findLowest: typeof masks.findLowest = (weight, granularity, share) => {
    if (planted.fault === 'candidates from the top')
      return tf.logicalNot(masks.findLowest(weight, granularity, 1 - Number(share)));
    if (planted.fault === 'entries and columns are mistaken for each other')
      return masks.findLowest(weight, granularity === 'weight' ? 'unit' : 'weight', share);
    return masks.findLowest(weight, granularity, share);
  };
  const dropNoise: typeof masks.dropNoise = (spec, granularity, dropRate) =>
    masks.dropNoise(spec, granularity, planted.fault === 'nothing is dropped' ? 0 : dropRate);
  return { ...masks, findLowest, dropNoise };
});

vi.mock('../../src/random/streams.ts', async (load) => {
  const streams = await load<typeof import('../../src/random/streams.ts')>();
  const fillBernoulli: typeof streams.fillBernoulli = (key, probability, out) =>
    streams.fillBernoulli(
      planted.fault === 'the mask is not redrawn' ? { ...key, index: 0 } : key,
      probability,
      out,
    );
  return { ...streams, fillBernoulli };
});

vi.mock('../../src/pruning/prune.ts', async (load) => {
  const prune = await load<typeof import('../../src/pruning/prune.ts')>();
  const pruneWeight: typeof prune.pruneWeight = (weight, shape, scores, granularity, rate) => {
    const ranked = planted.fault === 'the largest are pruned' ? scores.map((score) => -score) : scores;
    return prune.pruneWeight(weight, shape, ranked, granularity, rate);
  };
  return { ...prune, pruneWeight };
});

vi.mock('../../src/training/learning-rate.ts', async (load) => {
  const { learningRateAt } = await load<typeof import('../../src/training/learning-rate.ts')>();
  const divisor = () => (planted.fault === 'the learning rate is a tenth' ? 10 : 1);
  return {
    learningRateAt: (...parameters: Parameters<typeof learningRateAt>) =>
      learningRateAt(...parameters) / divisor(),
  };
});

/** Not those of the baseline. A fault shows with one seed. */
const SEEDS = [100, 101];
const FAULTY_SEEDS = [100];

let laboratory: Laboratory;
let clean: TrainedRun[];
let cleanRows: SweepRow[];

beforeAll(async () => {
  // A second thread of JavaScript would draw without the fault.
  vi.stubEnv('TD_FEEDS', 'inline');
  const experiment = loadExperiment('configs/ci.yaml', { seeds: SEEDS });
  const [first] = experiment.variants as [Variant, ...Variant[]];
  const dataset = await loadDataset(first.settings.dataset);
  const { engine } = await chooseEngine('onnx', { threads: 1 });
  laboratory = await openLaboratory(experiment, dataset, engine);
  clean = await trainVariants(laboratory);
  cleanRows = await sweepRuns(laboratory, clean);
});
afterAll(() => {
  vi.unstubAllEnvs();
  laboratory.evaluator.dispose();
});

/** The gate's report on a clean experiment in which the rows of some variants are others. */
function judgeWith(rows: readonly SweepRow[]): Judgement {
  const replaced = new Set(rows.map(({ variant }) => variant));
  const fresh = [...cleanRows.filter(({ variant }) => !replaced.has(variant)), ...rows];
  return judge({ experiment: 'ci', baseline: readBaseline(baselinePath('ci'), 'ci'), fresh, alpha: 0.01 });
}

/** The report if a variant is trained, and swept, while a fault is in the program. */
async function judgeFault(fault: Fault, variant: string): Promise<Judgement> {
  planted.fault = fault;
  try {
    return judgeWith(await sweepRuns(laboratory, await trainVariants(laboratory, [variant], FAULTY_SEEDS)));
  } finally {
    planted.fault = undefined;
  }
}

/** `targeted-weight: 90 % of weights fell` */
function listFailures(report: Judgement): string[] {
  return failedCells(report).map(
    ({ variant, granularity, pruneRate, verdict }) =>
      `${variant}: ${formatRate(pruneRate)} of ${granularity}s ${verdict}`,
  );
}

describe('the gate of configs/ci.yaml', () => {
  it('passes a clean experiment with seeds that the baseline has not', () => {
    expect(readBaseline(baselinePath('ci'), 'ci').filter(({ seed }) => SEEDS.includes(seed))).toEqual([]);
    expect(listFailures(judgeWith([]))).toEqual([]);
    expect(judgeWith([])).toMatchObject({ passed: true, faults: [] });
  });

  // Where a fault shows by a wide margin; what else fails with it is chance.
  it.each<[Fault, string, string[]]>([
    [
      'candidates from the top',
      'targeted-weight',
      ['targeted-weight: 0 % of weights fell', 'targeted-weight: 80 % of weights fell'],
    ],
    ['nothing is dropped', 'targeted-unit', ['targeted-unit: 70 % of units fell']],
    ['the mask is not redrawn', 'targeted-weight', ['targeted-weight: 50 % of weights fell']],
    [
      'entries and columns are mistaken for each other',
      'targeted-unit',
      ['targeted-unit: 70 % of units fell'],
    ],
    ['the learning rate is a tenth', 'none', ['none: 0 % of weights fell', 'none: 50 % of weights fell']],
  ])('fails if %s (%s)', async (fault, variant, expected) => {
    expect(listFailures(await judgeFault(fault, variant))).toEqual(expect.arrayContaining(expected));
  });

  it('fails if pruning removes the largest weights instead of the smallest', async () => {
    planted.fault = 'the largest are pruned';
    const rows = await sweepRuns(
      laboratory,
      clean.filter(({ run }) => run.variant === 'none'),
    ).finally(() => {
      planted.fault = undefined;
    });
    const failures = listFailures(judgeWith(rows));
    expect(failures).toContain('none: 50 % of weights fell');
    expect(failures).not.toContain('none: 0 % of weights fell');
  });

  it('fails if test images leak into the training set, since accuracy is then too good', async () => {
    const { dataset } = laboratory;
    const leaky = { ...laboratory, dataset: { ...dataset, train: dataset.test } };
    const rows = await sweepRuns(leaky, await trainVariants(leaky, ['none'], FAULTY_SEEDS));
    expect(listFailures(judgeWith(rows))).toContain('none: 0 % of weights rose');
  });

  it('fails if a variant is not trained', () => {
    const report = judge({
      experiment: 'ci',
      baseline: readBaseline(baselinePath('ci'), 'ci'),
      fresh: cleanRows.filter(({ variant }) => variant !== 'none'),
      alpha: 0.01,
    });
    expect(report).toMatchObject({ passed: false, faults: [{ kind: 'missing', variant: 'none' }] });
  });
});
