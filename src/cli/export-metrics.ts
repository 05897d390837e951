/** @file td export-metrics: writes what runs measured in the form of another program. */
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { refusalOfAll } from '../runs/find.ts';
import { requireExperiments, walkResults } from '../runs/walk.ts';
import { readSweep } from '../sweeps/read-sweep.ts';
import { sweepPath } from '../sweeps/rows.ts';
import { lookUpRuns, tellLeftOut } from '../terminal/found-runs.ts';
import { beginLongWork } from '../terminal/long-work.ts';
import { resultsOption } from '../terminal/options.ts';
import { print } from '../terminal/output.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { describeCount } from '../terminal/words.ts';
import { writeMlflowRun } from '../tracking/mlflow.ts';

const HELP = `
Writes each trained run with its settings as parameters and its curves as
metrics. Rows of sweep.csv become metrics "pruned weight/accuracy" and the like,
whose step is the prune rate in thousandths. Runs that the folder has already
are written anew; what other programs wrote there stays.

Example:
  td export-metrics mnist-mlp --mlflow mlruns
  MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri mlruns

MLflow 3 asks for that variable, or for "mlflow migrate-filestore", which takes
the folder into a database.`;

export function define(command: Command): void {
  command
    .option('--mlflow <folder>', "a folder of MLflow's file store, which is made if it is not there")
    .addOption(resultsOption())
    .addHelpText('after', HELP)
    .action(exportMetrics);
}

/**
 * Exit code 1 if one of the runs is left out; the others are written.
 *
 * @throws UserError before anything is written, if no form is named, an experiment has no runs or a sweep.csv is malformed
 */
export function exportMetrics(
  names: readonly string[],
  { mlflow, results }: { readonly mlflow?: string; readonly results: string },
): void {
  const startStage = beginLongWork();
  if (mlflow === undefined) throw new UserError('no form is named, expected --mlflow <folder>');
  requireResultsFolder(mlflow, 'write', '--mlflow');
  requireResultsFolder(results, 'read');
  requireExperiments(names, walkResults(results), results);
  const survey = lookUpRuns(results, names.length === 0 ? undefined : names);
  const runs = survey.runs.filter((run) => run.state === 'done');
  const [first, ...others] = survey.leftOut;
  if (runs.length === 0 && first !== undefined) throw refusalOfAll(results, [first, ...others]);
  if (runs.length === 0) throw new UserError(`no run is trained in ${results}, expected at least one`);
  const experiments = new Set(runs.map(({ identity }) => identity.experiment));
  const rows = new Map([...experiments].map((name) => [name, readSweep(sweepPath(results, name))]));
  const stage = startStage(`writing runs into ${mlflow}`, runs.length);
  try {
    for (const [index, run] of runs.entries()) {
      stage.update(index, `${run.identity.experiment}/${run.id}`);
      writeMlflowRun(mlflow, run, rows.get(run.identity.experiment) ?? []);
    }
  } finally {
    stage.stop();
  }
  print(
    `written: ${describeCount(runs.length, 'run')} of ${describeCount(experiments.size, 'experiment')} into ${mlflow}`,
  );
  tellLeftOut(survey.leftOut);
}
