/** @file What a gate found, in words: for a terminal, and as Markdown for a pull request. */
import { describeCount, formatPoints, formatRate } from '../format.ts';
import { formatCell } from '../tables/cell.ts';
import { escapeMarkdown } from '../tables/formats/markdown.ts';
import type { TestedCell, Verdict } from './cell-changes.ts';
import { failedCells, type Judgement } from './judge.ts';

const HEADER = ['variant', 'pruned', 'baseline', 'fresh', 'difference', 'passes', 'p', 'verdict'] as const;

const VERDICTS: Readonly<Record<Verdict, string>> = {
  ok: 'ok',
  fell: 'fell',
  rose: 'too good',
  perfect: '100 %',
};

/** Rows under a header, each of the same length. */
export interface CellTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** `ci: 2 of 30 cells failed against a baseline of 8 seeds, 3 fresh` */
export function describeOutcome(report: Judgement): string {
  const { cells, faults, experiment, passed } = report;
  const failed = failedCells(report).length;
  const incomparable = faults.length > 0 ? `, ${describeCount(faults.length, 'fault')} besides` : '';
  const outcome = passed
    ? `${describeCount(cells.length, 'cell')} as in the baseline`
    : `${failed} of ${describeCount(cells.length, 'cell')} failed${incomparable}`;
  const seeds = (side: 'baseline' | 'fresh') => {
    const counts = cells.map((cell) => cell[side].seeds);
    const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
    return fewest === most ? describeCount(most, 'seed') : `${fewest} to ${most} seeds`;
  };
  const sides = cells.length === 0 ? '' : ` (baseline ${seeds('baseline')}, fresh ${seeds('fresh')})`;
  return `${experiment}: ${outcome}${sides}`;
}

/** What stands under the cells: faults, what the verdicts mean, notes; a sentence each. */
export function describeRemarks(report: Judgement): string[] {
  const verdicts = new Set(report.cells.map(({ verdict }) => verdict));
  return [
    ...report.faults.map(({ variant, sentence }) => `${variant}: ${sentence}`),
    ...(verdicts.has('rose')
      ? [
          'too good: above the baseline by more than chance; if a change explains it, "td baseline" writes a new one',
        ]
      : []),
    ...(verdicts.has('perfect')
      ? ['100 %: a run classifies every test image correctly; look for test images in the training set']
      : []),
    ...report.notes,
  ];
}

/** A row for each cell: accuracies in percent, differences in points. */
export function tabulateCells(cells: readonly TestedCell[]): CellTable {
  return { header: HEADER, rows: cells.map(formatRow) };
}

/** Headline, remarks, the cells that failed, and all cells folded away. */
export function renderJudgement(report: Judgement): string {
  const failed = failedCells(report);
  const remarks = describeRemarks(report).map((remark) => `* ${escapeMarkdown(remark)}`);
  const table = (cells: readonly TestedCell[]) => {
    const { header, rows } = tabulateCells(cells);
    const lines = [header, header.map(() => '---'), ...rows.map((row) => row.map(escapeMarkdown))];
    return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
  };
  return [
    `### ${report.passed ? 'Passed' : 'Failed'}: ${escapeMarkdown(describeOutcome(report))}`,
    ...(remarks.length > 0 ? [remarks.join('\n')] : []),
    ...(failed.length > 0 ? [table(failed)] : []),
    ...(report.cells.length > 0
      ? [`<details><summary>All cells</summary>\n\n${table(report.cells)}\n\n</details>`]
      : []),
    explainCells(report),
  ].join('\n\n');
}

/** What the columns are. */
export function explainCells({ alpha }: Judgement): string {
  const share = formatRate(alpha);
  return `Accuracies in percent, mean ± sd over seeds; differences in points. A cell passes between the bounds given; p is the chance that any of the cells strays as far if nothing has changed, and a cell fails where it is ${share} or less.`;
}

function formatRow(cell: TestedCell): string[] {
  const { variant, granularity, pruneRate, baseline, fresh, difference, passes, pValue, verdict } = cell;
  return [
    variant,
    `${formatRate(pruneRate)} of ${granularity}s`,
    formatCell(baseline),
    formatCell(fresh),
    `${difference > 0 ? '+' : ''}${formatPoints(difference)}`,
    `${formatPoints(passes.from)} to ${formatPoints(passes.to)}`,
    formatProbability(pValue),
    VERDICTS[verdict],
  ];
}

/** `0.031`, `< 0.0001` */
function formatProbability(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toPrecision(2);
}
