/** @file Verdicts on claims: the rules on made-up sweeps, and every committed verdict computed a second time by other means. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Baselines } from '../../../scripts/results/baselines.ts';
import { type Claim, readClaims } from '../../../scripts/results/claims.ts';
import {
  findLeastFavourable,
  type JudgedClaim,
  judgeClaims,
  listTested,
} from '../../../scripts/results/judge.ts';
import { BASELINE } from '../../../scripts/results/page.ts';
import { correlate, describeSeedCorrelation } from '../../../scripts/results/seed-correlation.ts';
import { readSweep } from '../../../src/sweeps/read-sweep.ts';
import { writeSweep } from '../../../src/sweeps/rows.ts';
import { readPublished } from '../../../src/tables/paper/published.ts';
import { temporaryFolder } from '../../runs/temporary.ts';
import { SweepRows } from '../../sweeps/sweep-rows.ts';

type Accuracies = Readonly<Record<string, number | readonly number[]>>;

/** Judges one claim, on a sweep with two methods. */
function judge(first: Accuracies, second: Accuracies, cells: string): JudgedClaim {
  const folder = temporaryFolder();
  const { rows } = new SweepRows().add('a', { name: 'l1' }, first).add('b', { name: 'none' }, second);
  writeSweep(join(folder, 'few.csv'), rows);
  const [claim] = judgeClaims(claimsOf(cells), new Baselines(folder));
  if (claim === undefined) throw new Error('no claim');
  return claim;
}

function claimsOf(cells: string): Claim[] {
  const path = join(temporaryFolder(), 'claims.yaml');
  writeFileSync(path, `claims:\n  - { id: one, claim: It is so., place: section 1, cells: [${cells}] }\n`);
  return readClaims(path);
}

const ABOVE =
  '{ in: [few], granularity: weight, rates: [0.8, 0.9], first: a, second: b, expect: { above: 0 } }';

describe('a claim', () => {
  it('is confirmed if the whole interval lies on the claimed side in every cell', () => {
    const { verdict, groups } = judge(
      { 0.8: [0.9, 0.91, 0.92], 0.9: [0.8, 0.81, 0.82] },
      { 0.8: [0.5, 0.51, 0.52], 0.9: [0.4, 0.41, 0.42] },
      ABOVE,
    );
    expect(verdict).toBe('confirmed');
    expect(groups.flatMap(({ comparisons }) => comparisons.map(({ outcome }) => outcome))).toEqual([
      'holds',
      'holds',
    ]);
  });

  it('is not confirmed if one cell is undecided, or one has the opposite', () => {
    const sure = [0.9, 0.91, 0.92];
    const outcomesOf = (first: readonly number[], second: readonly number[]) => {
      const { verdict, groups } = judge(
        { 0.8: sure, 0.9: first },
        { 0.8: [0.5, 0.51, 0.52], 0.9: second },
        ABOVE,
      );
      return [verdict, groups[0]?.comparisons[1]?.outcome];
    };
    expect(outcomesOf([0.5, 0.6, 0.7], [0.4, 0.5, 0.6])).toEqual(['not confirmed', 'open']);
    expect(outcomesOf([0.1, 0.11, 0.12], sure)).toEqual(['not confirmed', 'opposite']);
  });

  it('is not tested by one seed, nor confirmed by cells that do not scatter', () => {
    const of = (first: Accuracies, second: Accuracies) => {
      const { verdict, groups } = judge(first, second, ABOVE);
      return [verdict, groups[0]?.comparisons[0]?.outcome];
    };
    const plain = { 0.8: [0.1, 0.11], 0.9: [0.1, 0.11] };
    expect(of({ 0.8: 0.99, 0.9: 0.99 }, plain)).toEqual(['not tested here', 'one seed']);
    expect(of({ 0.8: [0.2, 0.2], 0.9: [0.2, 0.2] }, { 0.8: [0.1, 0.1], 0.9: [0.1, 0.1] })).toEqual([
      'not confirmed',
      'no scatter',
    ]);
  });

  it('is not tested where a cell or the whole sweep is missing, and that experiment is left out of the verdict', () => {
    const full = { 0.8: [0.9, 0.91, 0.92], 0.9: [0.9, 0.91, 0.92] };
    const low = { 0.8: [0.1, 0.11, 0.12], 0.9: [0.1, 0.11, 0.12] };
    expect(judge({ 0.8: [0.9, 0.91] }, low, ABOVE).verdict).toBe('not tested here');
    const elsewhere = ABOVE.replace('few', 'few, absent');
    const { verdict, groups } = judge(full, low, elsewhere);
    expect(verdict).toBe('confirmed');
    expect(groups.map((group) => group.verdict)).toEqual(['confirmed', 'not tested here']);
  });

  it('has a limit other than 0 where it says so, below, above or within', () => {
    const verdictOf = (expectation: string) =>
      judge(
        { 0.9: [0.895, 0.9, 0.905] },
        { 0.9: [0.9, 0.905, 0.91] },
        `{ in: [few], granularity: weight, rates: [0.9], first: a, second: b, expect: { ${expectation} } }`,
      ).verdict;
    // −0.5 ± 1.13 points
    expect(verdictOf('above: -2')).toBe('confirmed');
    expect(verdictOf('above: -1.5')).toBe('not confirmed');
    expect(verdictOf('below: 0.7')).toBe('confirmed');
    expect(verdictOf('below: 0.6')).toBe('not confirmed');
    expect(verdictOf('within: 1.7')).toBe('confirmed');
    expect(verdictOf('within: 1.6')).toBe('not confirmed');
  });

  it('compares two numbers of the same networks seed by seed', () => {
    const cells =
      '{ in: [few], granularity: weight, rates: [0.9], first: a, second: { variant: a, rate: 0 }, expect: { below: 0 } }';
    // The seeds lie far apart, and each loses 1 to 1.2 points.
    const { verdict, groups } = judge({ 0: [0.5, 0.7, 0.9], 0.9: [0.49, 0.689, 0.888] }, { 0: 0.5 }, cells);
    expect(verdict).toBe('confirmed');
    expect(groups[0]?.comparisons[0]?.isPaired).toBe(true);
    expect(groups[0]?.comparisons[0]?.difference?.mean).toBeCloseTo(-1.1, 10);
    expect(groups[0]?.comparisons[0]?.difference?.margin).toBeCloseTo((4.302653 * 0.1) / Math.sqrt(3), 5);
  });

  it('compares what two methods gain by another evaluation, network by network', () => {
    const folder = temporaryFolder();
    const settings = { model: { name: 'resnet' as const } };
    const { rows } = new SweepRows(settings)
      .add('a', { name: 'l1' }, { 0.8: [0.2, 0.4, 0.3] })
      .add('b', { name: 'none' }, { 0.8: [0.6, 0.8, 0.7] });
    const gains = [0.3, 0.32, 0.31, 0.1, 0.11, 0.12];
    const anew = rows.map((row, index) => ({
      ...row,
      recalibrated: 1000,
      accuracy: row.accuracy + (gains[index] ?? 0),
    }));
    writeSweep(join(folder, 'few.csv'), [...rows, ...anew]);
    const side = (variant: string) => `{ variant: ${variant}, evaluation: dense recalibrated, less: dense }`;
    const claims = claimsOf(
      `{ in: [few], granularity: weight, rates: [0.8], first: ${side('a')}, second: ${side('b')}, expect: { above: 0 } }`,
    );
    const [claim] = judgeClaims(claims, new Baselines(folder));
    const comparison = claim?.groups[0]?.comparisons[0];
    expect(comparison?.difference?.mean).toBeCloseTo(31 - 11, 9);
    expect(comparison?.first.values.map((value) => value.toFixed(6))).toEqual([
      '30.000000',
      '32.000000',
      '31.000000',
    ]);
    expect(claim?.verdict).toBe('confirmed');
  });

  it('names the cell that speaks least for it', () => {
    const claim = judge(
      { 0.8: [0.9, 0.91, 0.92], 0.9: [0.5, 0.51, 0.52] },
      { 0.8: [0.1, 0.11, 0.12], 0.9: [0.4, 0.41, 0.42] },
      ABOVE,
    );
    expect(findLeastFavourable(listTested(claim))?.cell).toBe('weights 90 %');
  });

  it('never averages runs of different settings', () => {
    const folder = temporaryFolder();
    const { rows } = new SweepRows()
      .add('a', { name: 'l1' }, { 0.8: 0.9 })
      .add('a', { name: 'l1', coefficient: 3 }, { 0.8: 0.9 })
      .add('b', { name: 'none' }, { 0.8: 0.9 });
    writeSweep(
      join(folder, 'few.csv'),
      rows.map((row, index) => ({
        ...row,
        seed: index,
        runId: row.runId.replace('seed-0', `seed-${index}`),
      })),
    );
    const claims = claimsOf(ABOVE);
    expect(() => judgeClaims(claims, new Baselines(folder))).toThrow('different settings');
  });
});

describe('results/claims.yaml', () => {
  it.each([
    ['an unknown key', 'claims: [{ id: a, claim: b, untested: c, extra: 1 }]', 'claims.0: '],
    [
      'a claim with neither cells nor a reason',
      'claims: [{ id: a, claim: b }]',
      'expected either cells, or untested',
    ],
    [
      'an id that stands twice',
      'claims: [{ id: a, claim: b, untested: c }, { id: a, claim: b, untested: c }]',
      'twice',
    ],
    ['what is no YAML', 'claims: [', 'claims.yaml: '],
  ])('is refused with %s', (_, text, message) => {
    const path = join(temporaryFolder(), 'claims.yaml');
    writeFileSync(path, text);
    expect(() => readClaims(path)).toThrow(message);
  });

  it('quotes accuracies that the paper has', () => {
    const published = new Set(readPublished().map(({ accuracy }) => (100 * accuracy).toFixed(2)));
    const quoted = readClaims().flatMap(
      ({ claim, note = '' }) => `${claim} ${note}`.match(/\b\d\d\.\d\d\b/g) ?? [],
    );
    expect(quoted.length).toBeGreaterThan(3);
    // The text of section 5.5 has 87.03, no table.
    expect(quoted.filter((number) => !published.has(number))).toEqual(['87.03']);
  });

  it('names experiments that there are, and variants that they have', () => {
    const baselines = new Baselines(BASELINE);
    const sides = readClaims().flatMap(({ cells }) =>
      cells.flatMap((group) => {
        if ('quantity' in group)
          return [group.first, group.second].map((variant) => ({ experiment: group.in, variant }));
        return [group.first, group.second].flatMap(({ variant, in: own }) =>
          (own === undefined ? group.in : [own]).map((experiment) => ({ experiment, variant })),
        );
      }),
    );
    const lost = sides.filter(
      ({ experiment, variant }) =>
        !(baselines.knowsExperiment(experiment) && baselines.knows(experiment, variant)),
    );
    expect(lost).toEqual([]);
    expect(baselines.knowsExperiment('quick-cifar-resnt')).toBe(false);
    expect(baselines.knows('medium-cifar-resnet20', 'targeted-wieght')).toBe(false);
  });
});

describe('the committed verdicts', () => {
  const judged = judgeClaims(readClaims(), new Baselines(BASELINE));

  it('come out the same from the text of the CSV, with t quantiles by integration', () => {
    const comparisons = judged.flatMap(({ groups }) => groups.flatMap((group) => group.comparisons));
    const measured = comparisons.filter(({ difference }) => difference?.margin !== undefined);
    expect(measured.length).toBeGreaterThan(40);
    for (const { first, second, isPaired, expect: limit, difference, outcome } of measured) {
      const [low, high] = isPaired
        ? pairedInterval(first.values, second.values)
        : welchInterval(first.values, second.values);
      expect(low).toBeCloseTo((difference?.mean ?? 0) - (difference?.margin ?? 0), 3);
      expect(high).toBeCloseTo((difference?.mean ?? 0) + (difference?.margin ?? 0), 3);
      const { above, below } =
        'within' in limit
          ? { above: -limit.within, below: limit.within }
          : { above: Number.NEGATIVE_INFINITY, below: Number.POSITIVE_INFINITY, ...limit };
      expect(outcome === 'holds').toBe(low > above && high < below);
    }
  });

  it('rest on the numbers of the files: LeNet-300-100 with decay at 90 %, read by hand', () => {
    const lines = readFileSync(join(BASELINE, 'mnist-mlp-decay.csv'), 'utf8')
      .split('\n')
      .map((line) => line.split(','));
    const pointsOf = (variant: string) =>
      lines
        .filter(
          ([, name, , granularity, rate]) => name === variant && granularity === 'weight' && rate === '0.9',
        )
        .map((fields) => 100 * Number(fields[8]));
    const comparison = judged
      .find(({ claim }) => claim.id === 'weights-above-plain')
      ?.groups.find(({ setting }) => setting === 'mnist-mlp-decay')
      ?.comparisons.find(({ cell }) => cell === 'weights 90 %');
    expect(comparison?.first.values).toEqual(pointsOf('targeted-weight'));
    expect(comparison?.second.values).toEqual(pointsOf('none'));
    expect(comparison?.first.values.length).toBeGreaterThan(2);
  });

  it('follow from their groups: confirmed only where no tested group fails', () => {
    for (const { verdict, groups } of judged) {
      const tested = groups.filter((group) =>
        group.comparisons.every(({ outcome }) => outcome !== 'missing' && outcome !== 'one seed'),
      );
      const failing = tested.filter((group) => group.comparisons.some(({ outcome }) => outcome !== 'holds'));
      expect(verdict).toBe(
        tested.length === 0 ? 'not tested here' : failing.length === 0 ? 'confirmed' : 'not confirmed',
      );
    }
  });
});

it('variants of one seed are hardly accurate together, for which the page takes Welch’s interval', () => {
  const sentence = describeSeedCorrelation(readSweep(join(BASELINE, 'ci.csv')));
  expect(sentence).toMatch(/^-?0\.\d\d on average over \d+ pairs of cells of 16 seeds$/);
  expect(Math.abs(Number.parseFloat(sentence))).toBeLessThan(0.2);
});

it('the correlation over seeds is Pearson’s, and none where a side does not vary', () => {
  expect(
    correlate([
      [1, 2],
      [2, 4],
      [3, 6],
    ]),
  ).toBeCloseTo(1, 12);
  expect(
    correlate([
      [1, 1],
      [2, 3],
      [3, 2],
      [4, 5],
      [5, 4],
    ]),
  ).toBeCloseTo(0.8, 12);
  expect(
    correlate([
      [1, 2],
      [1, 3],
    ]),
  ).toBeUndefined();
});

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + (value - meanOf(values)) ** 2, 0) / (values.length - 1);

function welchInterval(first: readonly number[], second: readonly number[]): [number, number] {
  const [u, v] = [varianceOf(first) / first.length, varianceOf(second) / second.length];
  const freedom = (u + v) ** 2 / (u ** 2 / (first.length - 1) + v ** 2 / (second.length - 1));
  const [mean, margin] = [meanOf(first) - meanOf(second), quantile(freedom) * Math.sqrt(u + v)];
  return [mean - margin, mean + margin];
}

function pairedInterval(first: readonly number[], second: readonly number[]): [number, number] {
  const differences = first.map((value, index) => value - (second[index] ?? 0));
  const margin = quantile(differences.length - 1) * Math.sqrt(varianceOf(differences) / differences.length);
  return [meanOf(differences) - margin, meanOf(differences) + margin];
}

/**
 * The 97.5 % quantile of t: with t = √f · tan x the density becomes cosᶠ⁻¹ x, which is summed over x by Simpson's rule and
 * needs no gamma function.
 */
function quantile(freedom: number): number {
  const integrate = (to: number): number => {
    const parts = 1000;
    let sum = 0;
    for (let part = 0; part <= parts; part++) {
      const weight = part === 0 || part === parts ? 1 : part % 2 === 1 ? 4 : 2;
      sum += weight * Math.cos((to * part) / parts) ** (freedom - 1);
    }
    return (sum * to) / (3 * parts);
  };
  const half = integrate(Math.PI / 2);
  let [low, high] = [0, Math.PI / 2];
  for (let turn = 0; turn < 40; turn++) {
    const middle = (low + high) / 2;
    if (integrate(middle) < 0.95 * half) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan(low);
}
