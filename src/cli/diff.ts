/** @file td diff: two runs, or two experiments' results, side by side. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { lookAt } from '../files/read.ts';
import { formatPoints, formatRate } from '../format.ts';
import {
  type CurveComparison,
  compareCurves,
  compareSettings,
  type Interval,
  type SettingDifference,
  type Side,
} from '../gate/compare-sides.ts';
import { RUN_FILES } from '../runs/directory.ts';
import type { LeftOutRun } from '../runs/find.ts';
import { findFinishedRun } from '../runs/find-named-run.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { listExperiments } from '../runs/walk.ts';
import { DENSE_VIEW } from '../sweeps/evaluations.ts';
import { readSweep } from '../sweeps/read-sweep.ts';
import { checkpointId, isPlain, settingsHashOf, sweepPath } from '../sweeps/rows.ts';
import { findSwept } from '../tables/swept-experiment.ts';
import { tellLeftOut } from '../terminal/found-runs.ts';
import { jsonOption, resultsOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';

const HELP = `
A and B are runs (experiment/variant/seed, or folders of runs), experiments
(names, or folders with a sweep.csv), whose variants of one name are compared,
or folders of results, whose experiments of one name are.
Accuracies are those of td sweep, each with an interval that holds it in 95 of
100 cases: of one run by its test images, of several seeds by their scatter. A
rate at which they cross lies between the two that are named.

Examples:
  td diff mnist-lenet/none/0 mnist-lenet/targeted-weight/0
  td diff results/mnist-lenet old-results/mnist-lenet
  td diff results old-results`;

export function define(command: Command): void {
  command.addOption(jsonOption()).addOption(resultsOption()).addHelpText('after', HELP).action(diff);
}

export interface DiffOptions {
  readonly json?: boolean;
  readonly results: string;
}

/**
 * Exit code 1 if a run of one of the two is left out.
 *
 * @throws UserError if one of the two is not there, or one is a run and the other is none
 */
export async function diff(a: string, b: string, { json = false, results }: DiffOptions): Promise<void> {
  requireResultsFolder(results, 'read');
  const read = (name: string): NamedSides => ({ name, ...readSides(name, results) });
  const pairs = pairsOf(a, b).map(([left, right]) => [read(left), read(right)] as const);
  const leftOut = pairs.flat().flatMap((sides) => sides.leftOut);
  tellLeftOut([...new Map(leftOut.map((run) => [resolve(run.directory), run])).values()]);
  const compared = pairs.map(([left, right]) => compare(left, right));
  const [first] = compared;
  if (json) printJson(compared.length === 1 ? first : compared);
  else for (const one of compared) printComparison(one);
}

interface Comparison {
  readonly a: string;
  readonly b: string;
  readonly compared: readonly {
    readonly variant: string;
    readonly settings: readonly SettingDifference[];
    readonly curves: readonly CurveComparison[];
  }[];
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
}

/** Of two folders of results, the experiments that both have; else the two themselves. */
function pairsOf(a: string, b: string): (readonly [string, string])[] {
  const [left, right] = [listSweptFolders(a), listSweptFolders(b)];
  if (left.length === 0 || right.length === 0) return [[a, b]];
  const common = left.filter((name) => right.includes(name));
  if (common.length > 0) return common.map((name) => [join(a, name), join(b, name)]);
  throw new UserError(
    `${a} and ${b} have no swept experiment in common: ${left.join(', ')}; ${right.join(', ')}`,
  );
}

/** The swept experiments of a folder of results; none if it is something else. */
function listSweptFolders(folder: string): string[] {
  if (lookAt(folder)?.isDirectory() !== true || existsSync(join(folder, 'sweep.csv'))) return [];
  return listExperiments(folder).filter((name) => existsSync(sweepPath(folder, name)));
}

function compare(left: NamedSides, right: NamedSides): Comparison {
  const [a, b] = [left.name, right.name];
  if (left.isRun !== right.isRun) {
    const [run, other] = left.isRun ? [a, b] : [b, a];
    throw new UserError(`${run} is a run and ${other} is none, expected two runs or two experiments`);
  }
  const lone = ({ sides }: Sides, others: Sides) =>
    [...sides.keys()].filter((name) => !others.sides.has(name));
  const compared = [...left.sides].flatMap(([variant, own]) => {
    const other = right.sides.get(variant);
    if (other === undefined) return [];
    return [{ variant, settings: compareSettings(own.settings, other.settings), curves: compareCurves(own, other) }]; // biome-ignore format: one line
  });
  if (compared.length > 0) return { a, b, compared, onlyInA: lone(left, right), onlyInB: lone(right, left) };
  throw new UserError(
    `${a} and ${b} have no variant in common: ${[...left.sides.keys()].join(', ')}; ${[...right.sides.keys()].join(', ')}`,
  );
}

function printComparison({ a, b, compared, onlyInA, onlyInB }: Comparison): void {
  print(`a: ${a}\nb: ${b}`);
  for (const { variant, settings, curves } of compared) {
    if (variant !== '') print(`\n${variant}`);
    printSettings(settings);
    for (const curve of curves) printCurve(curve);
    if (curves.length === 0) print('\nno rates at which both were swept; td sweep prunes them');
  }
  if (onlyInA.length > 0) print(`\nonly in a: ${onlyInA.join(', ')}`);
  if (onlyInB.length > 0) print(`\nonly in b: ${onlyInB.join(', ')}`);
  print('');
}

interface Sides {
  readonly isRun: boolean;
  /** By the name of the variant; of a run there is one, without a name. */
  readonly sides: ReadonlyMap<string, Side>;
  /** Runs whose rows are not compared. */
  readonly leftOut: readonly LeftOutRun[];
}

interface NamedSides extends Sides {
  /** As the user wrote it. */
  readonly name: string;
}

function readSides(name: string, results: string): Sides {
  const isFolder = existsSync(name) && !existsSync(join(name, RUN_FILES.config));
  const isRun = !isFolder && (existsSync(name) ? !/\.(csv|ya?ml)$/i.test(name) : name.includes('/'));
  if (!isRun) {
    const { rows, settings, leftOut } = findSwept(name, results, DENSE_VIEW);
    const variants = [...new Set(rows.map(({ variant }) => variant))];
    return {
      isRun,
      leftOut,
      sides: new Map(
        variants.map((variant) => {
          const own = rows.filter((row) => row.variant === variant);
          const [first] = own;
          return [variant, { rows: own, settings: first && settings.get(settingsHashOf(first)) }];
        }),
      ),
    };
  }
  const run = findFinishedRun(name, results);
  const { experiment } = run.identity;
  const runId = checkpointId(run.id, run.summary.checkpointSha256);
  const place = join(run.directory, '../../..');
  const rows = readSweep(sweepPath(place, experiment)).filter((row) => row.runId === runId && isPlain(row));
  return {
    isRun,
    leftOut: [],
    sides: new Map([['', { rows, settings: readRunSettings(run.directory).settings }]]),
  };
}

function printSettings(differences: readonly SettingDifference[]): void {
  if (differences.length === 0) print('\nthe same settings');
  else {
    print('');
    const show = (value: unknown) => (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)); // biome-ignore format: one line
    printTable(
      ['setting', 'a', 'b'],
      differences.map(({ path, a, b }) => [path, show(a), show(b)]),
    );
  }
}

function printCurve({ granularity, rates, crossings }: CurveComparison): void {
  print(`\nTest accuracy in percent, ${granularity}s pruned (intervals of 95 %)`);
  printTable(
    ['pruned', 'a', 'b', 'b - a'],
    rates.map(({ pruneRate, a, b }) => [
      formatRate(pruneRate),
      formatInterval(a),
      formatInterval(b),
      `${b.mean >= a.mean ? '+' : ''}${formatPoints(b.mean - a.mean)}${isApart(a, b) ? '' : ' (intervals overlap)'}`,
    ]),
  );
  for (const { from, to, ahead } of crossings)
    print(`they cross between ${formatRate(from)} and ${formatRate(to)}: ${ahead} is ahead from there`);
  if (crossings.length === 0) print('they do not cross');
}

function isApart(a: Interval, b: Interval): boolean {
  return a.high < b.low || b.high < a.low;
}

function formatInterval({ mean, low, high }: Interval): string {
  return `${formatPoints(mean)} [${formatPoints(low)}, ${formatPoints(high)}]`;
}
