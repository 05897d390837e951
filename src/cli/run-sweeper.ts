/** @file Prunes and evaluates trained runs; networks of one shape share a compiled evaluation. */
import { join } from 'node:path';
import { expandRuns, type RunSpec } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import { loadDataset } from '../data/registry.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine, NamedArrays } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { type PruneResult, sweepRun } from '../pruning/sweep.ts';
import type { Granularity } from '../regularizers/types.ts';
import { readCheckpoint } from '../results/checkpoint.ts';
import type { FinishedRun } from '../results/find-runs.ts';
import { RUN_FILES } from '../results/run-directory.ts';
import { checkpointId, findSweepRow, type SweepRow, toSweepRow } from '../results/sweep-table.ts';
import { Evaluator } from '../training/evaluator.ts';
import { createSetup } from '../training/trainer.ts';
import { chooseFastestEngine } from '../training/trial/choose.ts';
import { startFetchStage } from './fetch-progress.ts';
import type { ExecutionOptions } from './options.ts';
import { printLine } from './progress.ts';

export interface SweepRequest {
  readonly rates: readonly number[];
  readonly granularities: readonly Granularity[];
  /** Rows of earlier sweeps, which are not computed again. */
  readonly known: readonly SweepRow[];
  /** Once aborted, the evaluation under way is given up. */
  readonly signal?: AbortSignal;
  /** Called after each pair of granularity and rate. */
  onRow?(row: SweepRow, wasKnown: boolean): void;
}

export class RunSweeper {
  private readonly datasets = new Map<string, Promise<Dataset>>();
  private readonly evaluators = new Map<string, Promise<Evaluator>>();

  private constructor(private readonly engine: Engine) {}

  /**
   * @param run one of those that will be swept: the engine is chosen for its network
   * @throws UserError if the engine cannot run here
   */
  static async create(options: ExecutionOptions, run: FinishedRun | undefined): Promise<RunSweeper> {
    const settings = run && settingsOf(run).settings;
    const { engine } = await chooseFastestEngine(options.engine, options, settings, printLine);
    return new RunSweeper(engine);
  }

  /**
   * @returns a row per granularity and rate, known ones included
   * @throws UserError if the run's folder does not hold what its summary says
   * @throws the signal's reason if it is aborted; the rows so far were given to `onRow`
   */
  async sweep(run: FinishedRun, request: SweepRequest): Promise<SweepRow[]> {
    const { experiment, variant, seed } = run.identity;
    const runId = checkpointId(run.id, run.summary.checkpointSha256);
    const spec = settingsOf(run);
    const dataset = await this.datasetOf(spec);
    const { model, regularizer } = createSetup(spec.settings, dataset);
    const { signal } = request;
    const toRow = (result: PruneResult) => toSweepRow({ experiment, variant, seed, runId }, result);
    const results = await sweepRun({
      model,
      regularizer,
      state: stateOf(run),
      rates: request.rates,
      granularities: request.granularities,
      evaluate: async (parameters) => (await this.evaluatorOf(spec, dataset)).evaluate(parameters, signal),
      done: (granularity, rate) => findSweepRow(request.known, runId, granularity, rate),
      onRow: (result, wasKnown) => request.onRow?.(toRow(result), wasKnown),
    });
    return results.map(toRow);
  }

  dispose(): void {
    for (const evaluator of this.evaluators.values()) void evaluator.then((compiled) => compiled.dispose());
  }

  private datasetOf({ settings }: RunSpec): Promise<Dataset> {
    return once(this.datasets, JSON.stringify(settings.dataset), () =>
      loadDataset(settings.dataset, startFetchStage),
    );
  }

  /** Compiled when a rate is not known yet. */
  private evaluatorOf({ settings }: RunSpec, dataset: Dataset): Promise<Evaluator> {
    const key = JSON.stringify([settings.model, settings.dataset]);
    const { model } = createSetup(settings, dataset);
    return once(this.evaluators, key, () => Evaluator.create(this.engine, model, dataset.test));
  }
}

/** The settings that a run was trained with, from its own folder. */
function settingsOf(run: FinishedRun): RunSpec {
  const path = join(run.directory, RUN_FILES.config);
  const [spec] = expandRuns(loadExperiment(path));
  if (spec?.hash === run.summary.hash) return spec;
  throw new UserError(
    `${path} does not hold the settings that the run was trained with, expected hash ${run.summary.hash}`,
  );
}

function stateOf(run: FinishedRun): NamedArrays {
  const checkpoint = readCheckpoint(run.directory);
  if (checkpoint?.sha256 === run.summary.checkpointSha256) return checkpoint.arrays;
  throw new UserError(
    `${run.directory} lacks the checkpoint that its summary names; remove the folder to train this run again`,
  );
}

function once<T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const promise = made.get(key) ?? make();
  made.set(key, promise);
  return promise;
}
