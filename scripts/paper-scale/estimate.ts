/** @file How long a training at the paper's scale would take on a named card, from what it computes. */
import { join } from 'node:path';
import { expandRuns, type RunSpec } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import type { PaperTable } from './tables.ts';
import { describeWork, type Work } from './work.ts';

const CONFIGS = join(import.meta.dirname, '../../configs');

/** What a card is assumed to do: nothing was measured on one. */
export interface Card {
  readonly name: string;
  /** 10^12 operations of float32 a second that convolutions and products are taken to reach. */
  readonly sustainedTflops: number;
  /** From the start of one kernel to that of the next. */
  readonly microsecondsPerKernel: number;
}

/** A card with the peak of its data sheet. */
export interface KnownCard extends Card {
  /** 10^12 operations of float32 a second outside the tensor cores: td turns TF32 off. About half is taken to be reached. */
  readonly peakTflops: number;
}

export const CARDS: readonly [KnownCard, KnownCard] = [
  { name: 'NVIDIA A100', peakTflops: 19.5, sustainedTflops: 10, microsecondsPerKernel: 5 },
  { name: 'NVIDIA H200', peakTflops: 67, sustainedTflops: 33, microsecondsPerKernel: 5 },
];

/** Local reparameterisation passes mean and variance through each layer. */
const TWICE = 'variational';

export interface TableEstimate {
  readonly table: PaperTable;
  readonly work: Work;
  readonly runs: readonly RunSpec[];
}

/** What each table takes; networks are counted once. */
export async function estimateTables(tables: readonly PaperTable[]): Promise<TableEstimate[]> {
  const works = new Map<string, Work>();
  for (const { config } of tables)
    if (!works.has(config)) works.set(config, await describeWork(join(CONFIGS, config)));
  return tables.map((table) => ({ table, work: works.get(table.config) as Work, runs: listRuns(table) }));
}

/** @throws UserError if the experiment lacks a variant */
export function listRuns({ config, variants }: PaperTable): RunSpec[] {
  return expandRuns(loadExperiment(join(CONFIGS, config)), { only: variants });
}

/** Of all runs of a table, one after another. */
export function tableSeconds({ runs, work }: TableEstimate, card: Card): number {
  return runs.reduce((sum, run) => sum + trainingSeconds(run, work, card), 0);
}

/** Steps, each as long as its arithmetic or the starts of its kernels, and the test images after each epoch. */
export function trainingSeconds({ settings }: Pick<RunSpec, 'settings'>, work: Work, card: Card): number {
  const passes = settings.regularizer.name === TWICE ? 2 : 1;
  const step = Math.max(passes * secondsOf(work.flopsPerStep, card), startsOf(work, card));
  const evaluation = passes * secondsOf(work.flopsPerImage * work.testImages, card);
  return step * work.steps + evaluation * settings.schedule.epochs;
}

/** The trainings of several tables, those that they share once: td trains a run once. */
export function listDistinct(estimates: readonly TableEstimate[]): { run: RunSpec; work: Work }[] {
  const distinct = new Map(
    estimates.flatMap(({ runs, work }) =>
      runs.map((run) => [`${run.experiment} ${run.variant} ${run.seed}`, { run, work }] as const),
    ),
  );
  return [...distinct.values()];
}

export function secondsOf(flops: number, { sustainedTflops }: Card): number {
  return flops / (sustainedTflops * 1e12);
}

/** Of a step's kernels, one after another. */
export function startsOf({ kernelsPerStep }: Work, { microsecondsPerKernel }: Card): number {
  return kernelsPerStep * microsecondsPerKernel * 1e-6;
}
