/** @file Experiments whose true accuracies and spreads are known, drawn from seeded streams. */

import type { PairedCell } from '../../src/gate/cell-changes.ts';
import { fromLogOdds } from '../../src/gate/spread.ts';
import { fillNormal, fillUniform } from '../../src/random/streams.ts';

export interface Shape {
  readonly seeds: { readonly baseline: number; readonly fresh: number };
  readonly testImages?: number;
  /** How many times the spread of a cell may be that of its level, either way. */
  readonly heterogeneity?: number;
  /** Share of a run's deviation that its cells have in common. */
  readonly common?: number;
  /** Changes the true log-odds of the fresh runs of a cell, in units of its standard deviation. */
  shift?(variant: string, cell: number): number;
}

const VARIANTS = ['none', 'targeted', 'l1'];
/** True log-odds of the cells of a variant, from 0.95 down to 0.12, and the standard deviation at each. */
const LEVELS = [3, 2.9, 2.6, 2, 1, 0, -1, -2];

function deviationAt(level: number): number {
  return level > 2.5 ? 0.05 : 0.05 + (2.5 - level) * 0.12;
}

/** @param index draws another experiment of the same kind */
export function drawExperiment(index: number, shape: Shape): PairedCell[] {
  const { seeds, testImages = 10_000, heterogeneity = 1.5, common = 0.7 } = shape;
  return VARIANTS.flatMap((variant) => {
    const draw = (purpose: string, count: number) => {
      const out = new Float32Array(count);
      fillNormal({ seed: 1, purpose: `${purpose} ${variant}`, index }, out);
      return out;
    };
    const factors = new Float32Array(LEVELS.length);
    fillUniform({ seed: 1, purpose: `factor ${variant}`, index }, factors);
    return LEVELS.map((level, cell): PairedCell => {
      const deviation = deviationAt(level) * heterogeneity ** (2 * (factors[cell] ?? 0) - 1);
      const sample = (side: 'baseline' | 'fresh', centre: number) => {
        const own = draw(`${side} ${cell}`, seeds[side]);
        return Array.from(draw(side, seeds[side]), (shared, seed) => {
          const noise = Math.sqrt(common) * shared + Math.sqrt(1 - common) * (own[seed] ?? 0);
          // Rounded to whole images, as a test set is.
          return Math.round(fromLogOdds(centre + noise * deviation, testImages) * testImages) / testImages;
        });
      };
      return {
        variant,
        granularity: 'weight',
        pruneRate: cell / 10,
        testImages,
        baseline: sample('baseline', level),
        fresh: sample('fresh', level + (shape.shift?.(variant, cell) ?? 0) * deviation),
      };
    });
  });
}
