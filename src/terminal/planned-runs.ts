/** @file The runs of the experiments that a command line or a plan names. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Cell, listCells, type PlanRequest } from '../cluster/plan.ts';
import { type Experiment, expandRuns, type RunSpec } from '../config/experiment.ts';
import { parsePruneRates } from '../pruning/rates.ts';
import { adoptRuns } from '../runner/adopted-runs.ts';
import { completeParents } from '../runner/ancestors.ts';
import { identifyIfPresent, identifyImages } from '../runner/data-identity.ts';
import { requireRunFolders } from '../runs/path-lengths.ts';
import { joinRates, listTargetRates } from '../sweeps/target-rates.ts';
import { foreseeStepsPerEpoch } from '../training/warnings.ts';
import type { ExecutionOptions } from './execution-options.ts';
import { loadExperiments } from './experiments.ts';
import { startFetchStage } from './fetch-progress.ts';
import { printLine } from './progress.ts';
import { printSettingWarnings } from './setting-warnings.ts';

/** The runs of experiments, their images identified; those that an earlier version trained are taken as they are. */
export async function identifyRuns(experiments: readonly Experiment[], results: string): Promise<RunSpec[]> {
  const runs: RunSpec[] = [];
  for (const experiment of experiments)
    runs.push(...expandRuns(await identifyImages(experiment, startFetchStage)));
  const adopted = await adoptRuns(completeParents(runs, results), results, (dataset) =>
    identifyIfPresent(dataset, startFetchStage),
  );
  for (const remark of adopted.remarks) printLine(remark);
  requireRunFolders(adopted.runs, results);
  return adopted.runs;
}

/** Warns, once for each variant, of settings that a training or a sweep is too short for. */
export function warnOfSettings(experiments: readonly Experiment[], runs: readonly RunSpec[]): void {
  for (const { name, sweep } of experiments) {
    const own = runs.filter(({ experiment }) => experiment === name);
    const asked = parsePruneRates(sweep.prune);
    const methods = own.map(({ variant, settings: { regularizer } }) => ({ variant, regularizer }));
    const pruneRates = joinRates(asked, listTargetRates(asked, methods));
    printSettingWarnings(
      own.map((spec) => ({ ...spec, stepsPerEpoch: foreseeStepsPerEpoch(spec.settings), pruneRates })),
    );
  }
}

/** Flags that say which runs of its files a command is about. */
export interface RequestOptions extends ExecutionOptions {
  readonly only?: readonly string[];
  readonly seeds?: readonly number[];
  readonly set?: readonly string[];
  readonly plugin?: readonly string[];
  readonly results: string;
}

/** @param command whose flags, as they were given, say what computes */
export function requestOf(files: readonly string[], options: RequestOptions, command: Command): PlanRequest {
  const { only, seeds, set, results } = options;
  return {
    files: files.map((file) => resolve(file)),
    only,
    seeds,
    set,
    folder: process.cwd(),
    results: resolve(results),
    execution: executionWords(command),
    plugins: (options.plugin ?? []).map((path) => resolve(path)),
  };
}

/** The flags of a command line that say what computes, as they were given. */
function executionWords(command: Command): string[] {
  const given = (name: string) => (command.getOptionValueSource(name) ?? 'default') !== 'default';
  const valued = ['engine', 'device', 'threads'].filter(given);
  const bare = ['eager', 'xla'].filter(given);
  return [
    ...valued.flatMap((name) => [`--${name}`, String(command.getOptionValue(name))]),
    ...bare.map((name) => `--${name}`),
  ];
}

/** What a request asks for, by the experiment files as they are now. */
export interface RequestedCells {
  readonly experiments: readonly Experiment[];
  readonly cells: readonly Cell[];
}

/** @throws UserError for a mistake in an experiment file or a flag, or if images are missing */
export async function loadCells(request: PlanRequest): Promise<RequestedCells> {
  const experiments = loadExperiments(request.files, request);
  return { experiments, cells: listCells(await identifyRuns(experiments, request.results)) };
}
