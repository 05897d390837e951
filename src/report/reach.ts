/** @file How far each method's network can be pruned before it is worse than plain training. */
import type { AccuracyLine, Line } from '../figures/types.ts';
import type { Cell } from '../tables/cell.ts';

/** Share of the test images that a pruned network may lose. */
export const TOLERANCE = 0.01;

export interface Reach extends Line {
  /** Accuracy with nothing pruned, if that was swept. */
  readonly unpruned: Cell | undefined;
  /** Highest prune rate up to which every asked rate keeps the accuracy; nothing if not even the lowest does. */
  readonly rate: number | undefined;
}

export interface Reaches {
  /** Heading of the method whose unpruned accuracy, less the tolerance, is to be kept. */
  readonly yardstick: string;
  /** Whether the yardstick is plain training. */
  readonly isPlain: boolean;
  /** The yardstick's unpruned accuracy, a share. */
  readonly accuracy: number;
  readonly methods: readonly Reach[];
}

/**
 * Measures all methods by one yardstick: plain training with nothing pruned, else the best of what there is.
 *
 * @returns nothing if no network was evaluated unpruned
 */
export function measureReach(lines: readonly AccuracyLine[]): Reaches | undefined {
  const unpruned = lines.flatMap((line) => {
    const accuracy = accuracyAt(line, 0);
    return accuracy === undefined ? [] : [{ line, accuracy: accuracy.mean }];
  });
  const plain = unpruned.find(({ line }) => line.heading === 'none');
  const [best] = unpruned.toSorted((a, b) => b.accuracy - a.accuracy);
  const yardstick = plain ?? best;
  if (yardstick === undefined) return undefined;
  const least = yardstick.accuracy - TOLERANCE;
  return {
    yardstick: yardstick.line.heading,
    isPlain: plain !== undefined,
    accuracy: yardstick.accuracy,
    methods: lines.map((line) => ({
      ...{ heading: line.heading, variant: line.variant, style: line.style },
      unpruned: accuracyAt(line, 0),
      rate: reachOf(line, least),
    })),
  };
}

export function accuracyAt({ points }: AccuracyLine, rate: number): Cell | undefined {
  return points.find((point) => point.rate === rate)?.accuracy;
}

/** A network that recovers at a higher rate does so by chance: the first fall counts. */
function reachOf({ points }: AccuracyLine, least: number): number | undefined {
  const firstFall = points.findIndex(({ accuracy }) => accuracy.mean < least);
  return points[firstFall < 0 ? points.length - 1 : firstFall - 1]?.rate;
}
