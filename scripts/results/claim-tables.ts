/** @file The claims with their verdicts as Markdown, and every comparison that they rest on. */
import { describeCount } from '../../src/format.ts';
import { groupBy } from '../../src/maps.ts';
import { summarizeSeeds } from '../../src/tables/cell.ts';
import { escapeMarkdown } from '../../src/tables/formats/markdown.ts';
import type { Difference } from '../difference.ts';
import type { Comparison, Outcome, Side, Unit } from './compare.ts';
import { findLeastFavourable, type JudgedClaim, listTested, UNTESTED, type Verdict } from './judge.ts';

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  holds: 'holds',
  open: 'undecided',
  opposite: 'the opposite',
  'one seed': 'one seed only',
  'no scatter': 'no scatter',
  missing: 'not measured',
};

const VERDICTS: Readonly<Record<Verdict, string>> = {
  confirmed: '**confirmed**',
  'not confirmed': 'not confirmed',
  'not tested here': '*not tested here*',
};

const DECIMALS: Readonly<Record<Unit, number>> = { points: 2, nats: 4, 'powers of ten': 2 };

/** A row a claim: verdict, cells, number of seeds, and the cell that speaks least for it. */
export function renderClaims(judged: readonly JudgedClaim[]): string {
  const rows = judged.map((claim) => {
    const tested = listTested(claim);
    const least = findLeastFavourable(tested);
    const { place, claim: text } = claim.claim;
    return [
      claim.number,
      escapeMarkdown(text) + (place === undefined ? '' : ` *(${escapeMarkdown(place)})*`),
      VERDICTS[claim.verdict],
      describeEvidence(claim),
      countSeeds(tested),
      least === undefined
        ? ''
        : `${formatDifference(least)} ${escapeMarkdown(`(${least.setting}, ${least.cell})`)}`,
    ];
  });
  return renderTable(
    [
      '',
      'claim',
      'verdict',
      'cells that it rests on',
      'n',
      'least favourable cell: difference (95 % interval)',
    ],
    rows,
  );
}

/** A row a cell, those that are not measured left out; a line a claim with what was left out or chosen. */
export function renderComparisons(judged: readonly JudgedClaim[]): string {
  const rows = judged.flatMap((claim) =>
    claim.groups
      .flatMap(({ comparisons }) => comparisons)
      .filter(({ outcome }) => outcome !== 'missing')
      .map((comparison) => [
        claim.number,
        escapeMarkdown(comparison.setting),
        escapeMarkdown(comparison.cell),
        describeSide(comparison.first, comparison.unit),
        describeSide(comparison.second, comparison.unit),
        describeSeeds(comparison),
        formatDifference(comparison),
        describeExpectation(comparison),
        OUTCOMES[comparison.outcome],
      ]),
  );
  const notes = judged.flatMap(({ number, claim }) =>
    claim.note === undefined ? [] : [`* ${number}: ${escapeMarkdown(claim.note)}`],
  );
  const table = renderTable(
    ['', 'experiment', 'pruned', 'first', 'second', 'n', 'difference', 'claimed', 'outcome'],
    rows,
  );
  return [table, notes.join('\n')].join('\n\n');
}

/**
 * How many claims have which verdict, and which: `2 confirmed (P3, P5); 4 not confirmed, of which 1 has the opposite somewhere (P1) …`.
 * A claim counts with what speaks most against it.
 */
export function countVerdicts(judged: readonly JudgedClaim[]): string {
  const list = (claims: readonly JudgedClaim[]) =>
    claims.length === 0 ? '' : ` (${claims.map(({ number }) => number).join(', ')})`;
  const of = (verdict: Verdict) => judged.filter((claim) => claim.verdict === verdict);
  const failing = of('not confirmed');
  const has = (claim: JudgedClaim, outcome: Outcome) =>
    listTested(claim).some((comparison) => comparison.outcome === outcome);
  const opposite = failing.filter((claim) => has(claim, 'opposite'));
  const open = failing.filter((claim) => !opposite.includes(claim) && has(claim, 'open'));
  const flat = failing.filter((claim) => !opposite.includes(claim) && !open.includes(claim));
  return [
    `${of('confirmed').length} confirmed${list(of('confirmed'))}`,
    `${failing.length} not confirmed: ${opposite.length} with the opposite in some cell${list(opposite)}, ` +
      `${open.length} undecided in some${list(open)}${flat.length === 0 ? '' : `, ${flat.length} without scatter${list(flat)}`}`,
    `${of('not tested here').length} not tested here${list(of('not tested here'))}`,
  ].join('; ');
}

/** `holds: mnist-lenet (weights 80, 90 %); undecided: mnist-mlp (weights 80 %); not measured: …` */
function describeEvidence({ claim, groups }: JudgedClaim): string {
  if (claim.untested !== undefined) return escapeMarkdown(claim.untested);
  const places = groups.flatMap(({ setting, verdict, comparisons }) =>
    comparisons
      .filter(({ outcome }) => verdict === 'confirmed' || outcome !== 'holds')
      .filter(({ outcome }) => verdict !== 'not tested here' || UNTESTED.includes(outcome))
      .map(({ outcome, cell }) => ({ setting, outcome, cell })),
  );
  const byOutcome = groupBy(places, ({ outcome }) => outcome);
  const parts = (Object.keys(OUTCOMES) as Outcome[]).flatMap((outcome) => {
    const own = byOutcome.get(outcome);
    return own === undefined ? [] : [`${OUTCOMES[outcome]}: ${describePlaces(own)}`];
  });
  return escapeMarkdown(parts.join('; '));
}

/** `mnist-mlp, mnist-lenet (weights 80, 90 %)` */
function describePlaces(places: readonly { readonly setting: string; readonly cell: string }[]): string {
  const cellsOf = groupBy(places, ({ setting }) => setting);
  const byCells = groupBy([...cellsOf], ([, own]) => joinCells(own.map(({ cell }) => cell)));
  return [...byCells]
    .map(([cells, settings]) => `${settings.map(([setting]) => setting).join(', ')} (${cells})`)
    .join(', ');
}

/** `weights 80 %`, `weights 90 %` as `weights 80, 90 %`. */
function joinCells(cells: readonly string[]): string {
  const distinct = [...new Set(cells)];
  const parts = distinct.map((cell) => /^(?<what>weights|units) (?<rate>.*) %$/.exec(cell)?.groups);
  const [first] = parts;
  if (first === undefined || parts.some((part) => part?.what !== first.what)) return distinct.join(', ');
  return `${first.what} ${parts.map((part) => part?.rate).join(', ')} %`;
}

/** `3`, or `1 to 3` where sides and cells differ. */
function countSeeds(comparisons: readonly Comparison[]): string {
  const counts = comparisons.flatMap(({ first, second }) => [first.values.length, second.values.length]);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (counts.length === 0) return '';
  return fewest === most ? String(most) : `${fewest} to ${most}`;
}

function describeSeeds({ first, second, isPaired }: Comparison): string {
  if (isPaired) return describeCount(first.values.length, 'pair');
  const [a, b] = [first.values.length, second.values.length];
  return a === b ? String(a) : `${a} and ${b}`;
}

function describeSide({ heading, values }: Side, unit: Unit): string {
  const cell = summarizeSeeds(values);
  if (cell === undefined) return escapeMarkdown(heading);
  const format = (value: number) => value.toFixed(DECIMALS[unit]);
  const spread = cell.deviation === undefined ? '' : ` ± ${format(cell.deviation)}`;
  return `${escapeMarkdown(heading)}: ${format(cell.mean)}${spread}`;
}

function describeExpectation({ expect, unit }: Comparison): string {
  if ('above' in expect) return `above ${expect.above}`;
  if ('below' in expect) return `below ${expect.below}`;
  return `within ${expect.within} ${unit}`;
}

/** `+1.35 (0.02 to 2.68)`; in points unless it says otherwise. */
export function formatDifference({
  difference,
  unit,
}: {
  readonly difference: Difference | undefined;
  readonly unit: Unit;
}): string {
  if (difference === undefined) return '';
  const { mean, margin } = difference;
  const format = (value: number) => value.toFixed(DECIMALS[unit]);
  const interval =
    margin === undefined ? ' (no interval)' : ` (${format(mean - margin)} to ${format(mean + margin)})`;
  return `${mean > 0 ? '+' : ''}${format(mean)}${interval}${unit === 'points' ? '' : ` ${unit}`}`;
}

/** A table of Markdown; its cells are markup already. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, headings.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
