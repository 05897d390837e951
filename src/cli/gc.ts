/** @file td gc: what can be removed from the results, and its size; removes it if asked to. */
import { type Command, Option } from 'commander';
import { type Experiment, expandRuns } from '../config/experiment.ts';
import { suggest, UserError } from '../errors.ts';
import { formatMegabytes } from '../format.ts';
import { recallImages } from '../runner/data-identity.ts';
import type { Survey } from '../runs/find.ts';
import {
  findGarbage,
  GARBAGE_KINDS,
  type Garbage,
  type GarbageKind,
  removeGarbage,
} from '../runs/garbage.ts';
import { findNeeded, keyOfRun, type NeededRuns } from '../runs/needed.ts';
import { requireExperiments, walkResults } from '../runs/walk.ts';
import { loadExperiments } from '../terminal/experiments.ts';
import { lookUpRuns, tellFaults } from '../terminal/found-runs.ts';
import { jsonOption, resultsOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { printLine } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { describeCount, formatInteger } from '../terminal/words.ts';

const HELP = `
Lists three kinds of things, and removes none of them without --delete:
  leftovers    files of killed processes, what was set aside as damaged, and
               earlier checkpoints of runs that are done
  orphans      runs whose variant or settings the experiment's file has no more;
               for experiments that are named by their file
  checkpoints  the weights of runs that are done: metrics and tables stay, but
               such a run can be swept, measured or exported no more.
               Those stay that runs which are not done go on from
               (fine-tune, rewind); of runs that have not begun td knows by
               the experiment's file alone
--delete removes leftovers; --only says what else. A run that a process works
on is left alone.

Examples:
  td gc
  td gc configs/mnist-lenet.yaml --only orphans --delete`;

export interface GcOptions {
  readonly only?: readonly GarbageKind[];
  readonly delete?: boolean;
  readonly json?: boolean;
  readonly results: string;
}

export function define(command: Command): void {
  const only = new Option('--only <kinds>', `${GARBAGE_KINDS.join(', ')} (default: all; with --delete: leftovers)`); // biome-ignore format: one line
  command
    .addOption(only.argParser(parseKinds))
    .option('--delete', 'remove what is listed')
    .addOption(jsonOption())
    .addOption(resultsOption())
    .addHelpText('after', HELP)
    .action(gc);
}

function parseKinds(text: string): GarbageKind[] {
  return text.split(',').map((name) => {
    const kind = GARBAGE_KINDS.find((known) => known === name.trim());
    if (kind !== undefined) return kind;
    throw new UserError(`--only: there is no "${name.trim()}"${suggest(name.trim(), GARBAGE_KINDS)}`);
  });
}

/** @throws UserError if a named experiment has no runs, or the results folder cannot be read or written */
export async function gc(names: readonly string[], options: GcOptions): Promise<void> {
  const { results, json = false, delete: isWanted = false } = options;
  requireResultsFolder(results, isWanted ? 'write' : 'read');
  const files = names.filter((name) => /\.ya?ml$/i.test(name));
  const experiments = loadExperiments(files);
  // Runs on the user's own images may have hashes of earlier versions: which of them the file still has is not known from it alone.
  const [own, known] = [true, false].map((isOwn) => experiments.filter((one) => hasOwnImages(one) === isOwn)) as [Experiment[], Experiment[]]; // biome-ignore format: one line
  const expected = new Map(known.map((experiment) => [experiment.name, expandRuns(experiment)]));
  for (const { name } of own)
    printLine(`${name}: orphans are not looked for, since it trains on images of your own`);
  const all = [...names.filter((name) => !files.includes(name)), ...experiments.map(({ name }) => name)];
  requireExperiments(all, walkResults(results), results);
  if (isWanted && options.only?.includes('orphans') && files.length === 0)
    throw new UserError('--only orphans needs the file of an experiment, expected for example td gc configs/mnist-lenet.yaml'); // biome-ignore format: one sentence
  const kinds = options.only ?? (isWanted ? (['leftovers'] as const) : GARBAGE_KINDS);
  const survey = lookUpRuns(results, all.length === 0 ? undefined : all);
  // Images of one's own are looked up, not read.
  const needed = findNeeded(
    survey,
    experiments.map(recallImages).flatMap((one) => expandRuns(one)),
  );
  const garbage = findGarbage(survey, expected, needed).filter(({ kind }) => kinds.includes(kind));
  if (kinds.includes('checkpoints')) tellNeeded(survey, needed);
  const busy = isWanted ? garbage.flatMap(remove) : [];
  if (json) printJson(garbage);
  else printGarbage(garbage, isWanted);
  tellFaults(busy);
}

/** Why weights of runs that are done are not listed. */
function tellNeeded({ runs }: Survey, needed: NeededRuns): void {
  for (const { identity, id, state } of runs) {
    const child = state === 'done' ? needed.get(keyOfRun({ ...identity, id })) : undefined;
    if (child === undefined) continue;
    printLine(
      `${identity.experiment}/${id}: its weights stay, since ${child} goes on from it and is not done`,
    );
  }
}

function hasOwnImages({ variants }: Experiment): boolean {
  return variants.some(({ settings }) => settings.dataset.path !== undefined);
}

/** @returns a sentence if it is in other hands */
function remove(garbage: Garbage): string[] {
  const owner = removeGarbage(garbage);
  return owner === undefined ? [] : [`${garbage.path} is left: ${owner} works on the run`];
}

function printGarbage(garbage: readonly Garbage[], isRemoved: boolean): void {
  if (garbage.length === 0) {
    print('nothing to remove');
    return;
  }
  printTable(
    ['kind', 'bytes', 'path', 'why'],
    garbage.map(({ kind, bytes, path, reason }) => [kind, formatInteger(bytes), path, reason]),
  );
  const bytes = garbage.reduce((sum, one) => sum + one.bytes, 0);
  const count = describeCount(garbage.length, 'item');
  print(
    isRemoved
      ? `\nremoved: ${count}, ${formatMegabytes(bytes)}`
      : `\n${count}, ${formatMegabytes(bytes)}; nothing is removed without --delete`,
  );
}
