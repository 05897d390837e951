/** @file Prunes and evaluates trained runs; networks of one shape share a compiled evaluation. */
import type { RunSpec } from '../config/experiment.ts';
import { requireImages } from '../data/fingerprint.ts';
import { loadDataset } from '../data/load.ts';
import type { DatasetSettings } from '../data/registry.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine, NamedArrays } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { createModel } from '../models/registry.ts';
import type { Granularity } from '../pruning/types.ts';
import { identifyIfPresent, locateTrainedImages } from '../runner/data-identity.ts';
import { chooseFastestEngine } from '../runner/trial/choose.ts';
import { readCheckpoint } from '../runs/checkpoint.ts';
import type { FinishedRun } from '../runs/find.ts';
import { noteFingerprint, readRunSettings, readTrainedData } from '../runs/settings.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import type { ExecutionOptions } from '../terminal/options.ts';
import { printLine } from '../terminal/progress.ts';
import { Evaluator } from '../training/evaluator.ts';
import { createSetup } from '../training/trainer.ts';
import { type PruneResult, sweepRun } from './evaluate.ts';
import { checkpointId, findSweepRow, type SweepRow, toSweepRow } from './rows.ts';

export interface SweepRequest {
  /** Where else the images of the experiment's runs may lie. */
  readonly datasets: readonly DatasetSettings[];
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
  private readonly fingerprints = new Map<string, Promise<string | undefined>>();
  private readonly evaluators = new Map<string, Promise<Evaluator>>();

  private constructor(private readonly engine: Engine) {}

  /**
   * @param run one of those that will be swept: the engine is chosen for its network
   * @throws UserError if the engine cannot run here
   */
  static async create(options: ExecutionOptions, run: FinishedRun | undefined): Promise<RunSweeper> {
    const settings = run && readRunSettings(run.directory).settings;
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
    const spec = readRunSettings(run.directory);
    const dataset = await this.datasetOf(run, request.datasets);
    const { model, regularizer } = await createSetup(spec.settings, dataset);
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

  /** The images that the run was trained on: under its own path, or another of the experiment's that holds the same. */
  private async datasetOf(run: FinishedRun, others: readonly DatasetSettings[]): Promise<Dataset> {
    const own = readTrainedData(run.directory);
    const { path, fingerprint: expected } = own;
    if (path === undefined) return this.load(own);
    const place = await locateTrainedImages(own, others, (candidate) => this.identify(candidate));
    if (place !== undefined) return this.load(place);
    const dataset = await this.load(own);
    const owner = `${run.identity.experiment}/${run.id} was trained on`;
    requireImages({ found: dataset.fingerprint, expected, path, owner, directory: run.directory });
    if (dataset.fingerprint !== undefined) noteFingerprint(run.directory, dataset.fingerprint);
    return dataset;
  }

  private load(settings: DatasetSettings): Promise<Dataset> {
    const wanted = { ...settings, fingerprint: undefined };
    return once(this.datasets, JSON.stringify(wanted), () => loadDataset(wanted, startFetchStage));
  }

  private identify(settings: DatasetSettings): Promise<string | undefined> {
    const { name, path } = settings;
    return once(this.fingerprints, JSON.stringify([name, path]), () => identifyIfPresent(settings));
  }

  /** Compiled when a rate is not known yet. */
  private evaluatorOf({ settings }: RunSpec, dataset: Dataset): Promise<Evaluator> {
    const key = JSON.stringify([settings.model, settings.dataset]);
    const model = createModel(settings.model, dataset.imageShape, dataset.classes);
    return once(this.evaluators, key, () => Evaluator.create(this.engine, model, dataset.test));
  }
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
