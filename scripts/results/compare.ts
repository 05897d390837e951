/** @file The two cells of a claim beside each other: their difference, its 95 % interval, and whether the claim holds there. */
import { formatRate } from '../../src/format.ts';
import { describeView, type EvaluationView } from '../../src/sweeps/evaluations.ts';
import { type Difference, differenceOf, pairedDifferenceOf } from '../difference.ts';
import type { DependenceRow } from '../toy-hessian/rows.ts';
import type { Baselines, CellPlace } from './baselines.ts';
import type { DependenceCells, Expectation, PrunedCells } from './claims.ts';

/**
 * `holds`: the whole interval lies on the claimed side. `open`: the interval reaches to both sides. `opposite`: it lies on
 * the other side. `one seed`, `no scatter`: there is no interval. `missing`: a cell is not committed.
 */
export type Outcome = 'holds' | 'open' | 'opposite' | 'one seed' | 'no scatter' | 'missing';

/** What a difference is counted in. */
export type Unit = 'points' | 'nats' | 'powers of ten';

export interface Side {
  readonly heading: string;
  /** By seed, in the unit. */
  readonly values: readonly number[];
}

export interface Comparison {
  /** `mnist-mlp`, `quick-cifar-resnet recalibrated` */
  readonly setting: string;
  /** `weights 80 %`, or the quantity of a toy experiment. */
  readonly cell: string;
  readonly first: Side;
  readonly second: Side;
  readonly unit: Unit;
  readonly expect: Expectation;
  /** Whether both are of the same trained networks, so that the difference is taken seed by seed. */
  readonly isPaired: boolean;
  /** First less second; absent if a cell is missing. */
  readonly difference: Difference | undefined;
  readonly outcome: Outcome;
}

/** Cells of one experiment under one evaluation, which a claim needs all. */
export interface ComparisonGroup {
  readonly setting: string;
  readonly comparisons: readonly Comparison[];
}

/** A group for each experiment and evaluation, a comparison in it for each rate. */
export function comparePruned(cells: PrunedCells, baselines: Baselines): ComparisonGroup[] {
  return cells.in.flatMap((experiment) =>
    cells.evaluations.map((view) => {
      const setting = nameSetting(experiment, view);
      const comparisons = cells.rates.map((rate) =>
        comparePlaces(cells, { experiment, view, rate }, setting, baselines),
      );
      return { setting, comparisons };
    }),
  );
}

/** `mnist-mlp`, `quick-cifar-resnet recalibrated`; dense is not said. */
function nameSetting(experiment: string, { evaluate, recalibrated }: EvaluationView): string {
  const words = [experiment, evaluate === 'dense' ? [] : evaluate, recalibrated ? 'recalibrated' : []];
  return words.flat().join(' ');
}

function comparePlaces(
  cells: PrunedCells,
  shared: Pick<CellPlace, 'experiment' | 'view' | 'rate'>,
  setting: string,
  baselines: Baselines,
): Comparison {
  const { granularity, expect } = cells;
  const placeOf = (side: PrunedCells['first']): CellPlace => ({
    experiment: side.in ?? shared.experiment,
    variant: side.variant,
    granularity,
    rate: side.rate ?? shared.rate,
    view: side.evaluation ?? shared.view,
  });
  const places = [placeOf(cells.first), placeOf(cells.second)] as const;
  const a = valuesOf(cells.first, places[0], baselines);
  const b = valuesOf(cells.second, places[1], baselines);
  const isPaired = places[0].experiment === places[1].experiment && places[0].variant === places[1].variant;
  // Pairs are of the seeds that both have.
  const seedsOf = (own: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>) =>
    [...own.keys()].filter((seed) => !isPaired || other.has(seed)).sort((x, y) => x - y);
  const pointsOf = (own: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>) =>
    seedsOf(own, other).map((seed) => 100 * (own.get(seed) ?? Number.NaN));
  const names = [
    nameSide(cells.first, places[0], shared, baselines),
    nameSide(cells.second, places[1], shared, baselines),
  ];
  // Variants of equal settings but for their granularity have one heading.
  const [first = '', second = ''] =
    names[0] === names[1] ? places.map(({ variant }, index) => `${names[index]}: ${variant}`) : names;
  return compare({
    setting,
    cell: `${granularity}s ${formatRate(shared.rate)}`,
    first: { heading: first, values: pointsOf(a, b) },
    second: { heading: second, values: pointsOf(b, a) },
    unit: 'points',
    expect,
    isPaired,
  });
}

/** Accuracies by seed, or what they are above those of another evaluation of the same networks. */
function valuesOf(
  { less }: PrunedCells['first'],
  place: CellPlace,
  baselines: Baselines,
): ReadonlyMap<number, number> {
  const own = baselines.accuraciesOf(place);
  if (less === undefined) return own;
  const other = baselines.accuraciesOf({ ...place, view: less });
  const pairs = [...own].flatMap(([seed, accuracy]): [number, number][] => {
    const subtracted = other.get(seed);
    return subtracted === undefined ? [] : [[seed, accuracy - subtracted]];
  });
  return new Map(pairs);
}

/** `targeted(0.66, 0.75)`, and what is otherwise than in the rest of the row: `none at 0 %, recalibrated`. */
function nameSide(
  { less }: PrunedCells['first'],
  place: CellPlace,
  shared: Pick<CellPlace, 'experiment' | 'view' | 'rate'>,
  baselines: Baselines,
): string {
  const rate = place.rate === shared.rate ? '' : ` at ${formatRate(place.rate)}`;
  const view = place.view === shared.view ? '' : `, ${describeView(place.view)}`;
  const experiment = place.experiment === shared.experiment ? '' : `, ${place.experiment}`;
  const subtracted = less === undefined ? '' : ` less ${describeView(less)}`;
  return `${baselines.headingOf(place.experiment, place.variant)}${rate}${view}${subtracted}${experiment}`;
}

type Quantity = DependenceCells['quantity'];

const QUANTITIES: Readonly<Record<Quantity, { unit: Unit; of: (row: DependenceRow) => number }>> = {
  'change in loss': { unit: 'nats', of: predictedSize },
  'power of ten of the change in loss': {
    unit: 'powers of ten',
    of: (row) => Math.log10(predictedSize(row)),
  },
  'gradient term': { unit: 'nats', of: ({ firstOrder }) => firstOrder },
  'curvature term': { unit: 'nats', of: ({ secondOrder }) => secondOrder },
  accuracy: { unit: 'points', of: ({ accuracy }) => 100 * accuracy },
  'accuracy after pruning': { unit: 'points', of: ({ prunedAccuracy }) => 100 * prunedAccuracy },
};

/** |ΔE| of the paper's equation 3. */
function predictedSize({ firstOrder, secondOrder }: DependenceRow): number {
  return Math.abs(firstOrder + secondOrder);
}

export function compareDependence(cells: DependenceCells, baselines: Baselines): ComparisonGroup[] {
  const { in: experiment, quantity, expect } = cells;
  const rows = baselines.dependenceOf(experiment);
  const { unit, of } = QUANTITIES[quantity];
  const sideOf = (variant: string): Side => {
    const own = rows.filter((row) => row.variant === variant);
    return { heading: own[0]?.method ?? variant, values: own.map(of) };
  };
  const [first, second] = [sideOf(cells.first), sideOf(cells.second)];
  const shared = { setting: experiment, unit, expect, isPaired: false };
  return [{ setting: experiment, comparisons: [compare({ ...shared, cell: quantity, first, second })] }];
}

function compare(comparison: Omit<Comparison, 'difference' | 'outcome'>): Comparison {
  const { first, second, isPaired, expect } = comparison;
  const difference = (isPaired ? pairedDifferenceOf : differenceOf)(second.values, first.values);
  const fewest = Math.min(first.values.length, second.values.length);
  return { ...comparison, difference, outcome: judge(difference, expect, fewest) };
}

function judge(difference: Difference | undefined, expect: Expectation, fewest: number): Outcome {
  if (difference === undefined) return 'missing';
  if (fewest < 2) return 'one seed';
  const slacks = measureSlack(difference, expect);
  if (slacks === undefined) return 'no scatter';
  return slacks.worst > 0 ? 'holds' : slacks.best < 0 ? 'opposite' : 'open';
}

/**
 * By how much a claim holds at the least and the most favourable end of the interval: above 0 it holds.
 *
 * @returns nothing where there is no interval
 */
export function measureSlack(
  { mean, margin }: Difference,
  expect: Expectation,
): { readonly worst: number; readonly best: number } | undefined {
  if (margin === undefined) return undefined;
  const [low, high] = [mean - margin, mean + margin];
  if ('above' in expect) return { worst: low - expect.above, best: high - expect.above };
  if ('below' in expect) return { worst: expect.below - high, best: expect.below - low };
  const nearest = low > 0 ? low : high < 0 ? -high : 0;
  return { worst: expect.within - Math.max(-low, high), best: expect.within - nearest };
}
