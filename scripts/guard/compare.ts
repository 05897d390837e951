/** @file Measured figures beside the committed ones. */
import { z } from 'zod';

/** A workload may take this many times its committed figure. */
export const ALLOWED_GROWTH = 1.25;

/** Processor time of a step divided by that of the calibration, by workload. */
export const figuresSchema = z.record(z.string(), z.number().positive());
export type Figures = z.infer<typeof figuresSchema>;

export interface Comparison {
  readonly workload: string;
  readonly measured: number;
  readonly committed: number | undefined;
  /** Undefined where nothing is committed. */
  readonly growth: number | undefined;
  readonly fails: boolean;
}

/** A workload without a committed figure fails: it would never be guarded. */
export function compareFigures(measured: Figures, committed: Figures): Comparison[] {
  return Object.entries(measured).map(([workload, figure]) => {
    const before = committed[workload];
    const growth = before === undefined ? undefined : figure / before;
    const fails = growth === undefined || growth > ALLOWED_GROWTH;
    return { workload, measured: figure, committed: before, growth, fails };
  });
}

/** @param times processor times in turn: each round has one of the calibration and one of the workload */
export function figureOf(
  times: readonly { readonly calibration: number; readonly workload: number }[],
): number {
  // Whatever disturbs a measurement makes it longer: the shortest of each are what the code takes.
  const least = (numbers: number[]): number => Math.min(...numbers);
  return least(times.map(({ workload }) => workload)) / least(times.map(({ calibration }) => calibration));
}
