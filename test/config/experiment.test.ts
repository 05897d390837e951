/** @file Runs of an experiment, and settings printed so that they can be read again. */
import { describe, expect, it } from 'vitest';
import { type Experiment, expandRuns } from '../../src/config/experiment.ts';
import { hashOf } from '../../src/config/identity.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { renderSettings } from '../../src/config/render.ts';
import { parsePruneRates } from '../../src/pruning/rates.ts';
import { messageOf, writeFolder } from './folder.ts';

const CONFIGS = ['mnist-mlp', 'mnist-lenet', 'demo'].map((name) => `configs/${name}.yaml`);

function reload(text: string): Experiment {
  return loadExperiment(`${writeFolder({ 'x.yaml': text })}/x.yaml`);
}

describe('expandRuns', () => {
  const load = () => reload('seeds: [0, 2]\nvariants: { a: , b: { schedule: { epochs: 1 } } }');

  it('gives every variant with every seed', () => {
    const experiment = load();
    const runs = expandRuns(experiment);
    const [a, b] = experiment.variants.map(({ settings }) => hashOf(settings).slice(0, 8));
    expect(runs.map(({ id }) => id)).toEqual([
      `a/seed-0-${a}`,
      `a/seed-2-${a}`,
      `b/seed-0-${b}`,
      `b/seed-2-${b}`,
    ]);
    expect(runs[3]).toMatchObject({
      experiment: 'x',
      variant: 'b',
      seed: 2,
      settings: { schedule: { epochs: 1 } },
    });
    expect(runs[3]?.hash).toMatch(new RegExp(`^${b}[0-9a-f]{56}$`));
  });

  it('takes some of the variants and other seeds where asked', () => {
    const runs = expandRuns(load(), { only: ['b'], seeds: [7] });
    expect(runs.map(({ variant, seed }) => [variant, seed])).toEqual([['b', 7]]);
  });

  it('refuses an unknown variant with the nearest name', () => {
    const targeted = reload('variants: { targeted-unit: , targeted-weight: }');
    expect(messageOf(() => expandRuns(targeted, { only: ['targetted-unit'] }), '/nowhere')).toBe(
      'experiment "x" has no variant "targetted-unit" (did you mean "targeted-unit"?)',
    );
  });
});

describe('renderSettings', () => {
  it.each(CONFIGS)('of %s reads back as the same experiment', (path) => {
    const experiment = loadExperiment(path);
    const again = reload(renderSettings(experiment));
    expect({ ...again, path }).toEqual(experiment);
  });

  it.each(CONFIGS)('of each run of %s reads back as that run alone', (path) => {
    for (const run of expandRuns(loadExperiment(path, { seeds: [3, 11] }))) {
      expect(expandRuns(reload(renderSettings(run)))).toEqual([run]);
    }
  });

  it('shows every setting, defaults included', () => {
    const [run] = expandRuns(reload('schedule: { epochs: 3 }'));
    expect(run && renderSettings(run)).toMatchInlineSnapshot(`
      "name: x
      seeds:
        - 0
      dataset:
        name: mnist
        augmentation: none
        normalization: scale
      model:
        name: mlp
        widths:
          - 300
          - 100
        initializer: glorotUniform
      regularizer:
        name: none
      schedule:
        optimizer:
          name: momentum
          momentum: 0.9
        learningRate: 0.1
        decay:
          name: constant
        warmup: 0
        batchSize: 128
        epochs: 3
        weightDecay: 0
        gradientClip: null
        keep: last
      precision: float32
      variants:
        none: {}
      "
    `);
  });
});

describe('the experiments on MNIST', () => {
  it.each(CONFIGS)('%s compares the methods at both granularities', (path) => {
    expect(loadExperiment(path).variants.map(({ name }) => name)).toEqual([
      'none',
      'dropout-weight',
      'dropout-unit',
      'targeted-weight',
      'targeted-unit',
      'targeted-weight-0.5',
      'targeted-unit-0.5',
      'l1',
      'variational',
    ]);
  });

  it.each(CONFIGS)('%s drops as many entries by standard as by targeted dropout', (path) => {
    const settings = new Map(
      loadExperiment(path).variants.map((variant) => [variant.name, variant.settings]),
    );
    for (const granularity of ['weight', 'unit']) {
      const dropout = settings.get(`dropout-${granularity}`)?.regularizer;
      const targeted = settings.get(`targeted-${granularity}`)?.regularizer;
      if (dropout?.name !== 'dropout' || targeted?.name !== 'targeted')
        throw new Error('other methods expected');
      expect([dropout.granularity, targeted.granularity]).toEqual([granularity, granularity]);
      expect(dropout.dropRate).toBeCloseTo(targeted.dropRate * targeted.targetRate, 12);
    }
  });

  it.each(CONFIGS)('%s trains variants alike but for their method', (path) => {
    const { variants } = loadExperiment(path);
    const alike = variants.filter(({ name }) => name !== 'variational');
    const schedules = new Set(
      alike.map(({ settings }) => JSON.stringify([settings.schedule, settings.model])),
    );
    expect(schedules.size).toBe(1);
  });

  it.each(CONFIGS)('%s raises the KL term to full strength well before its end', (path) => {
    const variational = loadExperiment(path).variants.find(({ name }) => name === 'variational')?.settings;
    if (variational?.regularizer.name !== 'variational') throw new Error('another method expected');
    const steps = Math.floor(60_000 / variational.schedule.batchSize) * variational.schedule.epochs;
    expect(variational.regularizer.warmupSteps).toBeLessThan(steps / 2);
    expect(variational.regularizer.dataCount).toBe(60_000);
    expect(variational.schedule.weightDecay).toBe(0);
  });

  it.each(CONFIGS)('%s sweeps the grid of the paper', (path) => {
    expect(parsePruneRates(loadExperiment(path).sweep.prune)).toHaveLength(13);
  });
});
