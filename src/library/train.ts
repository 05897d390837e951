/** @file What `td run` does, as a stream of events. */
import { z } from 'zod';
import { expandRuns } from '../config/experiment.ts';
import { requirePrecision } from '../engines/precision.ts';
import { DEFAULT_RESULTS } from '../next-command.ts';
import type { StartStage } from '../progress.ts';
import { adoptRuns } from '../runner/adopted-runs.ts';
import { completeParents } from '../runner/ancestors.ts';
import { identifyIfPresent, identifyImages } from '../runner/data-identity.ts';
import type { RunnerEvent } from '../runner/events.ts';
import { decisiveSettings, untrained } from '../runner/trial/decisive.ts';
import { requireRunFolders } from '../runs/path-lengths.ts';
import { positive } from '../settings/values.ts';
import { chooseFor, EXECUTION_SCHEMAS, type ExecutionChoice } from './engine.ts';
import { type Experiment, requireExperiment } from './experiment-class.ts';
import { requireOptions, type SchemasOf } from './options.ts';
import { quietly } from './quietly.ts';

export interface TrainOptions extends ExecutionChoice {
  /** Minutes between two checkpoints within an epoch, above 0; 5 if absent. Each epoch ends with one anyway. */
  readonly checkpointMinutes?: number;
  /** Whether each run also writes an event file for TensorBoard. */
  readonly tensorboard?: boolean;
  /** Whether runs that other processes train are waited for, or skipped. */
  readonly waitsForOthers?: boolean;
  /** Is told of files that are fetched or read. */
  readonly startStage?: StartStage;
}

const SCHEMA = z.strictObject({
  ...EXECUTION_SCHEMAS,
  // Six digits, as the flag has them.
  checkpointMinutes: positive.lt(1_000_000).optional(),
  tensorboard: z.boolean().optional(),
  waitsForOthers: z.boolean().optional(),
} satisfies SchemasOf<TrainOptions>);

/**
 * Trains the runs of an experiment that are not trained yet, one after another, into the folder of results. A run that is done
 * yields one event, `trained`; one that was cut off goes on from its last checkpoint. What goes wrong with one run is an event,
 * `failed`, and leaves the others alone. The training goes on when the next event is asked for.
 *
 * @throws UserError before anything is written, if there is no such option or a value is out of its range, a data set is missing or damaged, the engine cannot run here, or a model
 *   or batch size does not fit its data set
 * @throws the signal's reason once the run under way is saved
 *
 * @example
 * for await (const event of train(Experiment.load('lenet.yaml'), { engine: 'onnx' })) {
 *   if (event.kind === 'run' && event.event.kind === 'trained') console.log(event.event.summary.testAccuracy);
 * }
 */
export async function* train(
  experiment: Experiment,
  options: TrainOptions = {},
): AsyncGenerator<RunnerEvent, void, undefined> {
  requireExperiment('train', experiment);
  requireOptions('train', options, SCHEMA, ['signal', 'startStage']);
  const { results = DEFAULT_RESULTS, startStage = quietly, threads } = options;
  const identified = expandRuns(await identifyImages(experiment.definition, startStage));
  const identify = (dataset: Parameters<typeof identifyIfPresent>[0]) =>
    identifyIfPresent(dataset, startStage);
  const { runs } = await adoptRuns(completeParents(identified, results), results, identify);
  requireRunFolders(runs, results);
  const left = untrained(runs, results);
  const { engine } = await chooseFor(options, decisiveSettings(left));
  for (const { settings } of left) requirePrecision(engine, settings.precision);
  const { loadDataset } = await import('../data/load.ts');
  const { loadDatasets } = await import('../runner/datasets.ts');
  const { trainRuns } = await import('../runner/train-runs.ts');
  const { collectEnvironment } = await import('../runs/environment.ts');
  const datasets = await loadDatasets(runs, (settings) => loadDataset(settings, startStage));
  const tasks = runs.flatMap((run, index) => {
    const dataset = datasets[index];
    return dataset === undefined ? [] : [{ run, dataset, number: index + 1 }];
  });
  yield* trainRuns(tasks, {
    resultsDirectory: results,
    engine,
    environment: collectEnvironment({
      engine: engine.name,
      device: engine.device,
      ...(engine.facts === undefined ? {} : { engineFacts: engine.facts }),
      ...(threads === undefined ? {} : { threads }),
    }),
    signal: options.signal ?? new AbortController().signal,
    waitsForOthers: options.waitsForOthers ?? false,
    checkpointMinutes: options.checkpointMinutes,
    writesEvents: options.tensorboard,
  });
}
