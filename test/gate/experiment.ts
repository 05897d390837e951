/** @file Trains and sweeps configs/ci.yaml within the test's own process, where faults can be planted. */
import type { NamedArrays } from '../../src/arrays.ts';
import { type Experiment, expandRuns, type RunSpec } from '../../src/config/experiment.ts';
import type { Dataset } from '../../src/data/types.ts';
import type { Engine } from '../../src/engines/types.ts';
import { parsePruneRates } from '../../src/pruning/rates.ts';
import type { SweepRow } from '../../src/sweeps/rows.ts';
import { sweepNetwork } from '../../src/sweeps/sweep-network.ts';
import { Evaluator } from '../../src/training/evaluator.ts';
import { createSetup, prepareTraining } from '../../src/training/setup.ts';
import { train } from '../../src/training/train.ts';

/** A run as it is when training has ended. */
export interface TrainedRun {
  readonly run: RunSpec;
  readonly state: NamedArrays;
}

export interface Laboratory {
  readonly experiment: Experiment;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly evaluator: Evaluator;
}

export async function openLaboratory(
  experiment: Experiment,
  dataset: Dataset,
  engine: Engine,
): Promise<Laboratory> {
  const [variant] = experiment.variants;
  if (variant === undefined) throw new Error('the experiment has no variant');
  const { model } = await createSetup(variant.settings, dataset);
  return { experiment, dataset, engine, evaluator: await Evaluator.create(engine, model, dataset.test) };
}

/**
 * @param variants names of variants, all if absent
 * @param seeds those of the experiment if absent
 */
export async function trainVariants(
  { experiment, dataset, engine }: Laboratory,
  variants?: readonly string[],
  seeds?: readonly number[],
): Promise<TrainedRun[]> {
  const trained: TrainedRun[] = [];
  for (const run of expandRuns(experiment, { only: variants, seeds })) {
    let state: NamedArrays = {};
    const training = await prepareTraining(run, dataset);
    for await (const event of train(training, { engine })) if (event.kind === 'epoch') state = event.state;
    trained.push({ run, state });
  }
  return trained;
}

/** The rows that `td sweep` would write. */
export async function sweepRuns(
  { experiment, dataset, evaluator }: Laboratory,
  runs: readonly TrainedRun[],
): Promise<SweepRow[]> {
  const rows: SweepRow[] = [];
  for (const { run, state } of runs) {
    const { model, regularizer } = await createSetup(run.settings, dataset);
    const { experiment: name, variant, seed, id } = run;
    const network = {
      names: { experiment: name, variant, seed, runId: `${id}@00000000` },
      model,
      regularizer,
      state,
      evaluate: (parameters: NamedArrays) => evaluator.evaluate(parameters),
    };
    const pruneRates = parsePruneRates(experiment.sweep.prune);
    for await (const { row } of sweepNetwork(network, { pruneRates, granularities: ['weight', 'unit'] }))
      rows.push(row);
  }
  return rows;
}
