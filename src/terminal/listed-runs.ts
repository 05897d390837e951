/** @file The list of runs, with what a cluster knows of them: as a table, and in a few words. */
import { describeTask } from '../cluster/slurm/queue.ts';
import { readSubmitted, type SubmittedCells } from '../cluster/slurm/submitted.ts';
import { parseGridName } from '../config/grid.ts';
import { isLeftOut } from '../runs/find.ts';
import { type ListedRun, listRuns } from '../runs/listed-runs.ts';
import { listMissingPlugins, lookUpRuns, tellFaults } from './found-runs.ts';
import { printLine } from './progress.ts';
import { describeState } from './run-state.ts';
import { describeCount } from './words.ts';

/** What there is in a results folder at a moment. */
export interface RunList {
  readonly runs: readonly ListedRun[];
  readonly submitted: SubmittedCells;
  /** Queued runs of which there is no folder yet. */
  readonly waiting: number;
}

/**
 * @param results the results folder, as it was named
 * @param path its full path
 * @param names of experiments; all if there are none
 */
export function readRunList(results: string, path: string, names: readonly string[]): RunList {
  const survey = lookUpRuns(results, names.length === 0 ? undefined : names);
  const runs = listRuns(survey);
  const submitted = readSubmitted(path);
  const ids = new Set(runs.map(idOf));
  const isAsked = (id: string) => names.length === 0 || names.includes(id.split('/')[0] ?? '');
  const waiting = [...submitted.queued.keys()].filter((id) => !ids.has(id) && isAsked(id)).length;
  return { runs, submitted, waiting };
}

/** `<experiment>/<variant>/seed-<n>-<hash8>` */
export function idOf({ identity, id }: ListedRun): string {
  return `${identity.experiment}/${id}`;
}

/** Header and rows of a table; a column tells of the queue if any run is queued. */
export function tabulateRuns(
  runs: readonly ListedRun[],
  { queued }: SubmittedCells,
): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const hasQueue = runs.some((run) => queued.has(idOf(run)));
  const column = (cell: string) => (hasQueue ? [cell] : []);
  const rows = runs.map((run) => {
    const { experiment, variant, seed } = run.identity;
    const { state, accuracy, time } = describeState(run, 'condition' in run ? run.condition : undefined);
    const task = queued.get(idOf(run));
    const queue = column(task === undefined ? '' : describeTask(task));
    return [
      experiment,
      describeVariant(variant),
      String(seed),
      state,
      ...queue,
      accuracy,
      time,
      run.directory,
    ];
  });
  const header = [
    'experiment',
    'variant',
    'seed',
    'state',
    ...column('queue'),
    'test accuracy',
    'time',
    'folder',
  ];
  return { header, rows };
}

/** `targeted: dropRate 0.33, schedule.epochs 5`: variants of a grid stand together, under the name that they share. */
function describeVariant(variant: string): string {
  const point = parseGridName(variant);
  if (point === undefined) return variant;
  return `${point.base}: ${[...point.values].map(([key, value]) => `${key} ${value}`).join(', ')}`;
}

/** Why runs are neither done nor in anyone's hands: what failed, what their tasks on a cluster said last, which plugin is missing. */
export function listReasons({ runs, submitted }: RunList): string[] {
  const reasons = runs.flatMap((run) => {
    if (!('condition' in run) || run.condition === undefined) return [];
    const id = idOf(run);
    if (run.condition.kind === 'failed') return [`${id} failed: ${run.condition.reason}`];
    if (run.condition.kind === 'under way' || submitted.queued.has(id)) return [];
    const line = submitted.lastLine(id);
    return line === undefined ? [] : [`${id} is unfinished; its log ends with: ${line}`];
  });
  return [...reasons, ...listMissingPlugins(runs.filter(isLeftOut))];
}

/** `12 runs: 8 done, 2 under way, 1 failed, 1 unfinished; 3 queued, 2 of them without a folder yet` */
export function describeRuns({ runs, submitted, waiting }: RunList): string {
  const counts = new Map<string, number>();
  for (const run of runs) {
    const state = 'condition' in run && run.condition !== undefined ? run.condition.kind : run.state;
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const order = ['done', 'under way', 'failed', 'unfinished', 'damaged', 'plugin missing'];
  const states = order.flatMap((state) => (counts.has(state) ? [`${counts.get(state)} ${state}`] : []));
  const listed = runs.filter((run) => submitted.queued.has(idOf(run))).length;
  const queued = listed + waiting;
  const rest = waiting === 0 ? '' : `, ${waiting} of them without a folder yet`;
  return `${describeCount(runs.length, 'run')}${states.length === 0 ? '' : `: ${states.join(', ')}`}${queued === 0 ? '' : `; ${queued} queued${rest}`}`;
}

/** What is wrong with damaged runs, in a sentence each. */
export function listDamages(runs: readonly ListedRun[]): string[] {
  return runs.flatMap((run) => (run.state === 'damaged' ? [run.reason] : []));
}

/** Tells what is wrong: a queue that cannot be read, and damaged runs, for which the exit code is 1. */
export function tellProblems({ runs, submitted }: RunList): void {
  if (submitted.problem !== undefined) printLine(`warning: ${submitted.problem}`);
  tellFaults(listDamages(runs));
}
