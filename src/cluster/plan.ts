/** @file The plan of experiments: all their runs as cells, in an order that stays while the files do, for whatever starts them. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { RunSpec } from '../config/experiment.ts';
import { suggest, UserError } from '../errors.ts';
import { compareNaturally } from '../order.ts';
import { type PlannedRun, planRun } from '../runner/standing.ts';
import { comparePlaces } from '../runs/walk.ts';

/** The executable that a scheduler starts. */
export const TD_PROGRAM = join(import.meta.dirname, '../../bin/td');

/** Ids among which the nearest one is looked for. */
const MOST_SUGGESTED = 100;

/** What runs a plan has, as a command line asked for them. */
export interface PlanRequest {
  /** Experiment files, by their full paths. */
  readonly files: readonly string[];
  readonly only?: readonly string[] | undefined;
  readonly seeds?: readonly number[] | undefined;
  readonly set?: readonly string[] | undefined;
  /** The working folder: paths of data in `set` are relative to it. */
  readonly folder: string;
  /** Full path of the results folder. */
  readonly results: string;
  /** Flags that say what computes: `['--engine', 'onnx']`. */
  readonly execution: readonly string[];
  /** Full paths of plugins. */
  readonly plugins: readonly string[];
}

/** The flags that load plugins. */
export function pluginFlags({ plugins }: Pick<PlanRequest, 'plugins'>): string[] {
  return plugins.flatMap((path) => ['--plugin', path]);
}

/** One run of a plan: the smallest piece that can be started by itself, any number of times. */
export interface Cell {
  /** From 0 on. */
  readonly index: number;
  /** `<experiment>/<variant>/seed-<n>-<hash8>`: the run's folder below the results folder. */
  readonly id: string;
  readonly run: RunSpec;
}

/** A cell, and where it stands. */
export interface PlannedCell extends PlannedRun {
  readonly cell: Cell;
  /** The task of a job array that is queued for it. */
  readonly queue?: { readonly job: string; readonly task: number; readonly state: string };
  /** The last line of its log on a cluster, if nobody is at it. */
  readonly lastLine?: string;
}

/** Finds where cells stand. */
export function planCells(cells: readonly Cell[], results: string): PlannedCell[] {
  return cells.map((cell) => ({ ...planRun(cell.run, results), cell }));
}

/**
 * Cells ordered naturally by experiment, variant, seed and hash, whatever the order of files and variants; runs that go on from others
 * come after these.
 */
export function listCells(runs: readonly RunSpec[]): Cell[] {
  return runs
    .toSorted(
      (a, b) =>
        compareNaturally(a.experiment, b.experiment) ||
        countAncestors(a) - countAncestors(b) ||
        comparePlaces({ identity: a }, { identity: b }),
    )
    .map((run, index) => ({ index, id: `${run.experiment}/${run.id}`, run }));
}

/** How many runs must be trained before a run, each going on from the one before. */
export function countAncestors({ parent }: RunSpec): number {
  return parent === undefined ? 0 : 1 + countAncestors(parent);
}

/** SHA-256 in hex of what the cells are: experiment, variant, seed and settings of each, in their order. Their states do not count. */
export function hashPlan(cells: readonly Cell[]): string {
  const identities = cells.map(({ run }) => [run.experiment, run.variant, run.seed, run.hash]);
  return createHash('sha256').update(JSON.stringify(identities)).digest('hex');
}

/**
 * The command that trains one cell, to be started in the folder of the request on any machine that sees the same files.
 *
 * @param files the experiment file of each experiment, by name
 */
export function trainingCommand(
  { run }: Cell,
  { set = [], results, execution, plugins }: PlanRequest,
  files: ReadonlyMap<string, string>,
): string[] {
  return [
    TD_PROGRAM,
    'run',
    files.get(run.experiment) ?? '',
    '--only',
    run.variant,
    '--seeds',
    String(run.seed),
    ...set.flatMap((setting) => ['--set', setting]),
    ...execution,
    ...pluginFlags({ plugins }),
    '--results',
    results,
  ];
}

/**
 * Finds the cell that a command line names.
 *
 * @param cells of the plan in the file `path`, which may lack some
 * @param text an index, or an id
 * @returns its index among all cells
 * @throws UserError if there is none
 */
export function findCell(cells: readonly Pick<Cell, 'index' | 'id'>[], text: string, path: string): number {
  const isIndex = /^\d+$/.test(text);
  const found = cells.find(({ index, id }) => (isIndex ? index === Number(text) : id === text));
  if (found !== undefined) return found.index;
  const ids = cells.map(({ id }) => id);
  const near = !isIndex && ids.length <= MOST_SUGGESTED ? suggest(text, ids) : '';
  const expected = `an index from ${cells[0]?.index} to ${cells.at(-1)?.index}, or an id such as ${ids[0]}`;
  throw new UserError(`--cell: ${path} has no cell "${text}"${near || `, expected ${expected}`}`);
}
