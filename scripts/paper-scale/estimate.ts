/** @file How long a training at the paper's scale would take on a named card, from what it computes. */
import { join } from 'node:path';
import { expandRuns, type RunSpec } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { describeWork, type Work } from '../gpu-estimate/estimate.ts';
import type { PaperTable } from './tables.ts';

const CONFIGS = join(import.meta.dirname, '../../configs');

/** An assumption, stated on the page: nothing was measured on a card. */
export const CARD = {
  name: 'NVIDIA A100',
  /** Float32 outside the tensor cores, by its data sheet: td turns TF32 off. */
  peakTflops: 19.5,
  /** What convolutions and products are taken to reach. */
  sustainedTflops: 10,
  /** From the start of one kernel to that of the next. */
  microsecondsPerKernel: 5,
} as const;

/** Local reparameterisation passes mean and variance through each layer. */
const TWICE = 'variational';

export interface TableEstimate {
  readonly table: PaperTable;
  readonly work: Work;
  readonly runs: readonly RunSpec[];
  /** Of one step of a method with one pass through each layer, in seconds. */
  readonly step: { readonly arithmetic: number; readonly starts: number };
  /** Of all its runs, in seconds. */
  readonly seconds: number;
}

/** An estimate for each table; networks are counted once. */
export async function estimateTables(tables: readonly PaperTable[]): Promise<TableEstimate[]> {
  const works = new Map<string, Work>();
  for (const { config } of tables)
    if (!works.has(config)) works.set(config, await describeWork(join(CONFIGS, config)));
  return tables.map((table) => {
    const work = works.get(table.config) as Work;
    const runs = listRuns(table);
    const step = { arithmetic: secondsOf(work.flopsPerStep), starts: startsOf(work) };
    return {
      table,
      work,
      runs,
      step,
      seconds: runs.reduce((sum, run) => sum + trainingSeconds(run, work), 0),
    };
  });
}

/** @throws UserError if the experiment lacks a variant */
export function listRuns({ config, variants }: PaperTable): RunSpec[] {
  return expandRuns(loadExperiment(join(CONFIGS, config)), { only: variants });
}

/** Steps, each as long as its arithmetic or the starts of its kernels, and the test images after each epoch. */
export function trainingSeconds({ settings }: Pick<RunSpec, 'settings'>, work: Work): number {
  const passes = settings.regularizer.name === TWICE ? 2 : 1;
  const step = Math.max(passes * secondsOf(work.flopsPerStep), startsOf(work));
  const evaluation = passes * secondsOf(work.flopsPerImage * work.testImages);
  return step * work.steps + evaluation * settings.schedule.epochs;
}

function secondsOf(flops: number): number {
  return flops / (CARD.sustainedTflops * 1e12);
}

function startsOf({ kernelsPerStep }: Work): number {
  return kernelsPerStep * CARD.microsecondsPerKernel * 1e-6;
}
