/** @file td engines: what can compute here, and how fast. */
import type { Command } from 'commander';
import { expandRuns } from '../../config/experiment.ts';
import { loadExperiment } from '../../config/load.ts';
import { describeUnusedCard } from '../../engines/tensorflow/installation/card-note.ts';
import { describeOtherKernels } from '../../engines/tensorflow/installation/kernels-note.ts';
import { locateTensorflow } from '../../engines/tensorflow/installation/locate.ts';
import { suggest, UserError } from '../../errors.ts';
import { threadsOption } from '../../terminal/execution-options.ts';
import { jsonOption } from '../../terminal/options.ts';
import { print, printJson, printTable } from '../../terminal/output.ts';
import { printLine } from '../../terminal/progress.ts';

interface EnginesOptions {
  readonly json?: boolean;
  /** An experiment file: the engines are timed on the network of its first run. */
  readonly trial?: string;
  readonly threads?: number;
}

export function define(command: Command): void {
  command
    .addOption(jsonOption())
    .option('--trial <experiment>', 'time the engines on the network of an experiment file')
    .addOption(threadsOption())
    // A word that is no command would be answered with how many there may be; the action names it.
    .allowExcessArguments()
    .action((options: EnginesOptions) => engines(command.args, options));
}

/** @throws UserError if a word is no command of td engines, or the experiment file is wrong */
async function engines(
  [word]: readonly string[],
  { json = false, trial, threads }: EnginesOptions,
): Promise<void> {
  if (word !== undefined)
    throw new UserError(`td engines has no command "${word}"${suggest(word, ['install', 'uninstall'])}`);
  if (trial !== undefined) {
    await showTrial(trial, { json, threads });
    return;
  }
  const { listEngines } = await import('../../engines/registry.ts');
  const found = await listEngines();
  const located = locateTensorflow();
  const card = await describeUnusedCard(located, process.env);
  const kernels = describeOtherKernels(located);
  if (json) {
    const notes = {
      ...(card === undefined ? {} : { cardNote: card }),
      ...(kernels === undefined ? {} : { kernelsNote: kernels }),
    };
    printJson(found.map((status) => (status.name === 'tensorflow' ? { ...status, ...notes } : status)));
    return;
  }
  const rows = found.map((status) =>
    status.available
      ? [status.name, 'available', `${status.devices.join(', ')}; ${status.version}`]
      : [status.name, 'absent', status.reason],
  );
  printTable(['engine', 'state', 'devices, or why it is absent'], rows);
  for (const note of [card, kernels]) if (note !== undefined) print(`\n${note}`);
}

/** Times all engines on the network of an experiment, and shows what `auto` will take for it from now on. */
async function showTrial(
  file: string,
  { json, threads }: { readonly json: boolean; readonly threads: number | undefined },
): Promise<void> {
  const [run] = expandRuns(loadExperiment(file));
  if (run === undefined) throw new UserError(`${file} describes no run`);
  const { describeCandidate, tryAnew } = await import('../../runner/trial/choose.ts');
  printLine('timing the engines for some seconds');
  const { times } = await tryAnew(run.settings, threads === undefined ? {} : { threads });
  if (json) {
    printJson(times);
    return;
  }
  const [fastest] = times;
  const rows = times.map((time) => [
    describeCandidate(time),
    `${time.stepMilliseconds.toFixed(2)} ms`,
    (time.stepMilliseconds / (fastest?.stepMilliseconds ?? Number.NaN)).toFixed(2),
  ]);
  printTable(['engine', 'training step', 'of the fastest'], rows);
  const name =
    fastest === undefined ? 'no engine could take a step' : `auto takes ${describeCandidate(fastest)}`;
  print(`\n${name} for this network and batch size`);
}
