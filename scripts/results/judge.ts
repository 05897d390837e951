/** @file What the committed numbers say of each claim. */
import { groupBy } from '../../src/maps.ts';
import type { Baselines } from './baselines.ts';
import type { Claim } from './claims.ts';
import {
  type Comparison,
  type ComparisonGroup,
  compareDependence,
  comparePruned,
  measureSlack,
  type Outcome,
} from './compare.ts';

export type Verdict = 'confirmed' | 'not confirmed' | 'not tested here';

export interface JudgedGroup extends ComparisonGroup {
  readonly verdict: Verdict;
}

export interface JudgedClaim {
  readonly claim: Claim;
  /** `P3` of the paper's claims, `H2` of effects found here. */
  readonly number: string;
  readonly groups: readonly JudgedGroup[];
  readonly verdict: Verdict;
}

/** What leaves a cell without evidence for or against a claim. */
export const UNTESTED: readonly Outcome[] = ['missing', 'one seed'];

/** Numbers count the paper's claims and the others each for themselves, in the order of the file. */
export function judgeClaims(claims: readonly Claim[], baselines: Baselines): JudgedClaim[] {
  return claims.map((claim, index) => {
    const isOfPaper = claim.place !== undefined;
    const alike = claims.slice(0, index + 1).filter(({ place }) => (place !== undefined) === isOfPaper);
    const compared = claim.cells.flatMap((cells) =>
      'quantity' in cells ? compareDependence(cells, baselines) : comparePruned(cells, baselines),
    );
    const groups = tellApart(compared).map((group) => ({ ...group, verdict: judgeGroup(group) }));
    return { claim, number: `${isOfPaper ? 'P' : 'H'}${alike.length}`, groups, verdict: combine(groups) };
  });
}

/** Groups of the same cells are named by what is compared with as well: `cifar-wide-resnet against none`. */
function tellApart(groups: readonly ComparisonGroup[]): ComparisonGroup[] {
  const keyOf = ({ setting, comparisons }: ComparisonGroup) =>
    JSON.stringify([setting, comparisons.map(({ cell }) => cell)]);
  const counts = groupBy(groups, keyOf);
  return groups.map((group) => {
    if (counts.get(keyOf(group))?.length === 1) return group;
    const setting = `${group.setting} against ${group.comparisons[0]?.second.heading}`;
    return { setting, comparisons: group.comparisons.map((comparison) => ({ ...comparison, setting })) };
  });
}

/**
 * A group is confirmed if every one of its cells is: then no level has to be divided among them, since the claim fails as soon
 * as one of them does (intersection–union test; Berger 1982). Without one of its cells, or with one that rests on a single seed,
 * it is not tested.
 */
function judgeGroup({ comparisons }: ComparisonGroup): Verdict {
  if (comparisons.some(({ outcome }) => UNTESTED.includes(outcome))) return 'not tested here';
  return comparisons.every(({ outcome }) => outcome === 'holds') ? 'confirmed' : 'not confirmed';
}

/** A claim is confirmed if it is in every group that is tested. */
function combine(groups: readonly JudgedGroup[]): Verdict {
  const tested = groups.filter(({ verdict }) => verdict !== 'not tested here');
  if (tested.length === 0) return 'not tested here';
  return tested.every(({ verdict }) => verdict === 'confirmed') ? 'confirmed' : 'not confirmed';
}

/** The comparisons of the groups that are tested. */
export function listTested({ groups }: JudgedClaim): Comparison[] {
  return groups.flatMap(({ verdict, comparisons }) => (verdict === 'not tested here' ? [] : comparisons));
}

/** The comparison that speaks least for a claim; one with an interval if there is any. */
export function findLeastFavourable(comparisons: readonly Comparison[]): Comparison | undefined {
  const slackOf = ({ difference, expect }: Comparison) =>
    (difference && measureSlack(difference, expect)?.worst) ?? Number.POSITIVE_INFINITY;
  return comparisons.toSorted((a, b) => slackOf(a) - slackOf(b) || 0)[0];
}
