/** @file How long a training at the paper's scale would take on a named card, from what it computes. */
import { join } from 'node:path';
import { expandRuns, type RunSpec } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { describeWork, type Work } from '../gpu-estimate/estimate.ts';
import type { PaperTable } from './tables.ts';

const CONFIGS = join(import.meta.dirname, '../../configs');

/** What a card is assumed to do: nothing was measured on one. */
export interface Card {
  readonly name: string;
  /** 10^12 operations of float32 a second outside the tensor cores, by its data sheet: td turns TF32 off. */
  readonly peakTflops: number;
  /** What convolutions and products are taken to reach: about half. */
  readonly sustainedTflops: number;
}

export const CARDS: readonly [Card, Card] = [
  { name: 'NVIDIA A100', peakTflops: 19.5, sustainedTflops: 10 },
  { name: 'NVIDIA H200', peakTflops: 67, sustainedTflops: 33 },
];

/** From the start of one kernel to that of the next, on any card. */
export const MICROSECONDS_PER_KERNEL = 5;

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
  const step = Math.max(passes * secondsOf(work.flopsPerStep, card), startsOf(work));
  const evaluation = passes * secondsOf(work.flopsPerImage * work.testImages, card);
  return step * work.steps + evaluation * settings.schedule.epochs;
}

export function secondsOf(flops: number, { sustainedTflops }: Card): number {
  return flops / (sustainedTflops * 1e12);
}

/** Of a step's kernels, one after another. */
export function startsOf({ kernelsPerStep }: Work): number {
  return kernelsPerStep * MICROSECONDS_PER_KERNEL * 1e-6;
}
