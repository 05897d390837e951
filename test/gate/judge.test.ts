/** @file How large an experiment the gate takes. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { judge } from '../../src/gate/judge.ts';
import { DENSE, type SweepRow, UNCOUNTED } from '../../src/sweeps/rows.ts';

/** Two seeds in each cell, of accuracies that differ from cell to cell. */
function rowsOf(cells: number): SweepRow[] {
  return Array.from({ length: 2 * cells }, (_, index) => {
    const [cell, seed] = [Math.floor(index / 2), index % 2];
    return {
      ...{ experiment: 'x', variant: 'none', seed, granularity: 'weight', pruneRate: cell / 10_000 },
      ...{
        sparsity: 0.5,
        parametersTotal: 9,
        parametersKept: 5,
        loss: 0.1,
        testImages: 10_000,
        ...DENSE,
        ...UNCOUNTED,
      },
      accuracy: (9000 - ((cell * 37) % 500) + 3 * seed) / 10_000,
      runId: `none/seed-${seed}-0000abcd@00000000`,
    };
  });
}

const judgeAgainstItself = (rows: readonly SweepRow[]) =>
  judge({ experiment: 'x', baseline: rows, fresh: rows, alpha: 0.01 });

describe('an experiment of many cells', () => {
  it('is judged in time that grows with their square and no faster', () => {
    const before = process.cpuUsage();
    expect(judgeAgainstItself(rowsOf(600)).passed).toBe(true);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(15);
  });

  it('is refused where that would take more than seconds', () => {
    expect(() => judgeAgainstItself(rowsOf(2001))).toThrow(UserError);
    expect(() => judgeAgainstItself(rowsOf(2001))).toThrow(
      'the baseline of "x" has 2001 cells to compare, expected at most 2000; use fewer prune rates',
    );
  });
});
