/** @file The test of the gate: how often it fails clean experiments, what it finds, and the numbers behind it. */
import { describe, expect, it } from 'vitest';
import { type PairedCell, testCells } from '../../src/gate/cell-changes.ts';
import { fromLogOdds, toLogOdds } from '../../src/gate/spread.ts';
import { studentTail } from '../../src/gate/student.ts';
import { drawExperiment, type Shape } from './synthetic.ts';

const EXPERIMENTS = 250;

function cellOf(
  baseline: readonly number[],
  fresh: readonly number[],
  rest: Partial<PairedCell> = {},
): PairedCell {
  return {
    variant: 'none',
    granularity: 'weight',
    pruneRate: 0,
    testImages: 10_000,
    baseline,
    fresh,
    ...rest,
  };
}

function verdictsOf(cells: readonly PairedCell[], alpha = 0.05): string[] {
  return testCells(cells, alpha).cells.map(({ verdict }) => verdict);
}

/** Share of experiments in which any cell fails. */
function failingShare(shape: Shape, alpha = 0.05): number {
  const failing = Array.from({ length: EXPERIMENTS }, (_, index) =>
    verdictsOf(drawExperiment(index, shape), alpha).some((verdict) => verdict !== 'ok'),
  );
  return failing.filter(Boolean).length / EXPERIMENTS;
}

describe('clean experiments', () => {
  // 250 experiments tell a share of 5 % to ± 2.8 points at two standard errors.
  it.each([
    ['8 seeds against 3', { baseline: 8, fresh: 3 }],
    ['3 against 3', { baseline: 3, fresh: 3 }],
    ['5 against 1', { baseline: 5, fresh: 1 }],
    ['1 against 3', { baseline: 1, fresh: 3 }],
  ])('fail in 5 %% of cases or fewer: %s', (_, seeds) => {
    expect(failingShare({ seeds })).toBeLessThanOrEqual(0.078);
  });

  it('fail about as often as asked where all cells are independent and alike', () => {
    const share = failingShare({ seeds: { baseline: 8, fresh: 4 }, common: 0, heterogeneity: 1 });
    expect(share).toBeGreaterThan(0.015);
    expect(share).toBeLessThanOrEqual(0.078);
  });

  it('fail seldom where cells of one level scatter up to four times as far as others', () => {
    expect(failingShare({ seeds: { baseline: 5, fresh: 3 }, heterogeneity: 2 })).toBeLessThanOrEqual(0.078);
  });

  it('fail less often with a smaller alpha', () => {
    expect(failingShare({ seeds: { baseline: 5, fresh: 3 } }, 0.002)).toBeLessThanOrEqual(0.01);
  });

  it('fail seldom on a small test set, whose own error then prevails', () => {
    expect(failingShare({ seeds: { baseline: 3, fresh: 2 }, testImages: 200 })).toBeLessThanOrEqual(0.078);
  });
});

describe('changed experiments', () => {
  /** Share of experiments in which the verdicts on cells fulfil a condition. */
  function share(shape: Shape, isFound: (verdicts: string[]) => boolean): number {
    const found = Array.from({ length: 200 }, (_, index) =>
      isFound(verdictsOf(drawExperiment(index, shape))),
    );
    return found.filter(Boolean).length / found.length;
  }

  it('are found nearly always if one cell falls by six standard deviations', () => {
    const shift = (variant: string, cell: number) => (variant === 'targeted' && cell === 3 ? -6 : 0);
    const power = share(
      { seeds: { baseline: 8, fresh: 3 }, shift },
      (verdicts) => verdicts[8 + 3] === 'fell',
    );
    expect(power).toBeGreaterThan(0.95);
  });

  it('are found mostly if a variant falls by four standard deviations, or rises', () => {
    for (const [sign, verdict] of [
      [-4, 'fell'],
      [4, 'rose'],
    ] as const) {
      const shift = (variant: string) => (variant === 'targeted' ? sign : 0);
      const power = share({ seeds: { baseline: 8, fresh: 3 }, shift }, (verdicts) =>
        verdicts.includes(verdict),
      );
      expect(power).toBeGreaterThan(0.85);
    }
  });

  it('are found more often with cells to compare the spread with than from the spread of the cell alone', () => {
    const shift = (variant: string, cell: number) => (variant === 'targeted' && cell === 3 ? -8 : 0);
    const shape = { seeds: { baseline: 2, fresh: 2 }, shift };
    const together = share(shape, (verdicts) => verdicts[8 + 3] === 'fell');
    // Student's t with two degrees of freedom, at the same level of significance.
    const alone = Array.from(
      { length: 200 },
      (_, index) => drawExperiment(index, shape)[8 + 3] as PairedCell,
    );
    const found = alone.filter(({ baseline, fresh }) => {
      const [[a, b], [c, d]] = [baseline, fresh].map((side) => side.map((x) => toLogOdds(x, 10_000))) as [
        number[],
        number[],
      ] as [[number, number], [number, number]];
      const variance = ((a - b) ** 2 / 2 + (c - d) ** 2 / 2) / 2;
      return studentTail((c + d - a - b) / 2 / Math.sqrt(variance), 2) < 0.05 / 24;
    });
    expect(together).toBeGreaterThan(2 * (found.length / 200));
    expect(together).toBeGreaterThan(0.5);
  });
});

describe('a cell', () => {
  it('that stands alone is tested by the t test of its own two samples', () => {
    const baseline = [0.7, 0.72, 0.69, 0.75];
    const fresh = [0.6, 0.63, 0.61];
    const { cells } = testCells([cellOf(baseline, fresh)], 0.05);
    // Pooled over both sides: 5 degrees of freedom, log-odds with half an image added to either count.
    const logOdds = (x: number) => Math.log((x * 10_000 + 0.5) / ((1 - x) * 10_000 + 0.5));
    const [b, f] = [baseline.map(logOdds), fresh.map(logOdds)] as [number[], number[]];
    const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    const squares = [b, f].flatMap((side) => side.map((x) => (x - mean(side)) ** 2));
    const error = Math.sqrt((squares.reduce((sum, x) => sum + x, 0) / 5) * (1 / 4 + 1 / 3));
    expect(cells[0]?.pValue).toBeCloseTo(studentTail((mean(f) - mean(b)) / error, 5), 12);
    expect(cells[0]).toMatchObject({ verdict: 'fell', difference: expect.closeTo(0.61333 - 0.715, 4) });
  });

  it('fails where its fresh mean lies outside the range in which it passes, and nowhere else', () => {
    for (let index = 0; index < 50; index++) {
      const shift = (_: string, cell: number) => (cell % 2 === 0 ? -3.2 : 3.2);
      for (const cell of testCells(drawExperiment(index, { seeds: { baseline: 6, fresh: 1 }, shift }), 0.05)
        .cells) {
        const isWithin = cell.fresh.mean >= cell.passes.from && cell.fresh.mean <= cell.passes.to;
        expect(cell.verdict === 'ok').toBe(isWithin);
      }
    }
  });

  it('has a p-value that counts the cells: among twice as many it is twice as large', () => {
    const one = cellOf([0.9], [0.885]);
    const [single] = testCells([one], 0.05).cells;
    const [double] = testCells([one, { ...one, variant: 'l1' }], 0.05).cells;
    expect(double?.pValue).toBeCloseTo(2 * (single?.pValue ?? 1), 12);
  });

  it('with equal values throughout is no division by zero', () => {
    const equal = [0.9871, 0.9871, 0.9871];
    expect(verdictsOf([cellOf(equal, equal)])).toEqual(['ok']);
    expect(verdictsOf([cellOf(equal, [0.987, 0.987, 0.987])])).toEqual(['ok']);
    // A tenth of the images is far beyond the error of the test set.
    expect(verdictsOf([cellOf(equal, [0.8871, 0.8871, 0.8871])])).toEqual(['fell']);
  });

  it.each([0, 0.0001, 0.1, 0.9999, 1])('at an accuracy of %d gives finite numbers', (accuracy) => {
    const { cells } = testCells(
      [cellOf([accuracy, accuracy], [accuracy, Math.abs(accuracy - 0.0002)])],
      0.05,
    );
    expect(cells[0]?.pValue).toBeGreaterThan(0);
    expect(cells[0]?.pValue).toBeLessThanOrEqual(1);
    expect(cells[0]?.passes.from).toBeGreaterThanOrEqual(0);
    expect(cells[0]?.passes.to).toBeLessThanOrEqual(1);
    expect(cells[0]?.verdict).toBe('ok');
  });

  it('in which a run gets every test image right is suspect, unless the baseline has such a run', () => {
    const wide = [0.9, 0.99, 0.999];
    expect(verdictsOf([cellOf(wide, [0.98, 1])])).toEqual(['perfect']);
    expect(verdictsOf([cellOf([...wide, 1], [0.98, 1])])).toEqual(['ok']);
  });
});

describe('with one seed on both sides', () => {
  it('the binomial error of the test set is all that is known', () => {
    const { cells, isSpreadKnown } = testCells([cellOf([0.9], [0.88])], 0.05);
    expect(isSpreadKnown).toBe(false);
    // Two shares of 10,000 images, pooled: z = 4.5.
    const p = 0.89;
    const z = (0.9 - 0.88) / Math.sqrt((2 * p * (1 - p)) / 10_000);
    expect(cells[0]?.pValue).toBeLessThan(2e-5);
    expect(Math.log(cells[0]?.pValue ?? 1)).toBeCloseTo(Math.log(studentTail(z, 1e6)), 0);
    expect(verdictsOf([cellOf([0.9], [0.893])])).toEqual(['ok']);
  });

  it('the spread is taken from cells of like accuracy that have several', () => {
    const known = [0.02, 0.01, -0.02, -0.01].map((offset) => 0.88 + offset);
    const cells = [cellOf(known, known, { variant: 'l1' }), cellOf([0.9], [0.88])];
    expect(testCells(cells, 0.05).isSpreadKnown).toBe(true);
    expect(verdictsOf(cells)).toEqual(['ok', 'ok']);
  });
});

describe('log-odds', () => {
  it('are undone, at the edges too', () => {
    for (const accuracy of [0, 0.0001, 0.1, 0.5, 0.9813, 1])
      expect(fromLogOdds(toLogOdds(accuracy, 10_000), 10_000)).toBeCloseTo(accuracy, 12);
  });
});
