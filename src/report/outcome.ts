/** @file The outcome of an experiment in sentences, made from its numbers. */
import type { AccuracyLine } from '../figures/types.ts';
import { formatPercent, formatRate, joinNames } from '../format.ts';
import type { Granularity } from '../pruning/types.ts';
import { type Cell, formatCell } from '../tables/cell.ts';
import { accuracyAt, measureReach, type Reach } from './reach.ts';

/**
 * Sentences that need no figure or table beside them; none if nothing is swept.
 *
 * @param lines of one evaluation
 */
export function describeOutcome(granularity: Granularity, lines: readonly AccuracyLine[]): string[] {
  const reaches = measureReach(lines);
  if (reaches === undefined) return [];
  const { yardstick, accuracy, isPlain, methods } = reaches;
  const name = isPlain ? 'Plain training' : yardstick;
  const own = methods.find(({ heading }) => heading === yardstick);
  const others = methods.filter(({ heading }) => heading !== yardstick);
  const first =
    own?.rate === undefined || own.rate === 0
      ? `${name} reaches ${formatPercent(accuracy)} with nothing pruned, and falls more than one point below that at the first step.`
      : `${name} reaches ${formatPercent(accuracy)} with nothing pruned. It stays within one point of that up to ${formatRate(own.rate)} of its ${granularity}s.`;
  return [
    first,
    ...describeFarthest(others, own, granularity),
    ...describeContrast(lines, yardstick, others),
    ...describeTargeted(lines, yardstick, others),
    ...describeLow(others),
  ];
}

function describeFarthest(others: readonly Reach[], own: Reach | undefined, granularity: string): string[] {
  const rates = others.flatMap(({ rate }) => (rate === undefined ? [] : [rate]));
  if (rates.length === 0) return [];
  const farthest = Math.max(...rates);
  const names = joinNames(others.filter(({ rate }) => rate === farthest).map(({ heading }) => heading));
  const isFarther = own?.rate === undefined || farthest > own.rate;
  return isFarther
    ? [
        `Of all methods, ${names} can lose most before the same happens: ${formatRate(farthest)} of ${granularity}s.`,
      ]
    : [
        `No other method can lose more before the same happens${farthest === own.rate ? `; ${names} as much` : ''}.`,
      ];
}

/** What the method that can lose most has there, and what the yardstick has. */
function describeContrast(
  lines: readonly AccuracyLine[],
  yardstick: string,
  others: readonly Reach[],
): string[] {
  const [best] = others.toSorted((a, b) => (b.rate ?? -1) - (a.rate ?? -1));
  const own = lines.find(({ heading }) => heading === yardstick);
  const line = lines.find(({ heading }) => heading === best?.heading);
  if (own === undefined || line === undefined || best?.rate === undefined || best.rate === 0) return [];
  const [ahead, behind] = [accuracyAt(line, best.rate), accuracyAt(own, best.rate)];
  if (ahead === undefined || behind === undefined || ahead.mean <= behind.mean) return [];
  const other = yardstick === 'none' ? 'plain training' : yardstick;
  return [
    `At ${formatRate(best.rate)}, ${best.heading} still has ${formatAccuracy(ahead)}, and ${other} ${formatAccuracy(behind)}.`,
  ];
}

/** How far targeted dropout can be pruned, if another method can lose more. */
function describeTargeted(
  lines: readonly AccuracyLine[],
  yardstick: string,
  others: readonly Reach[],
): string[] {
  const farthest = Math.max(...others.map(({ rate }) => rate ?? -1));
  const targeted = others.filter(({ heading }) => heading.includes('targeted'));
  const [best] = targeted.toSorted((a, b) => (b.rate ?? -1) - (a.rate ?? -1));
  if (best?.rate === undefined || best.rate === farthest) return [];
  return [
    `Targeted dropout comes to ${formatRate(best.rate)}, as ${best.heading}.`,
    ...describeContrast(lines, yardstick, targeted),
  ];
}

/** Methods that pay for their sparsity with accuracy before anything is pruned. */
function describeLow(others: readonly Reach[]): string[] {
  const low = others.filter(({ rate, unpruned }) => rate === undefined && unpruned !== undefined);
  if (low.length === 0) return [];
  const names = low.map(({ heading, unpruned }) => `${heading} (${formatAccuracy(unpruned)})`);
  return [`More than one point below with nothing pruned: ${joinNames(names)}.`];
}

function formatAccuracy(cell: Cell | undefined): string {
  return cell === undefined ? 'nothing' : `${formatCell(cell)} %`;
}
