/** @file The tables of the toy experiment as Markdown: the paper's with ours beside it, and what they are made of. */
import { join } from 'node:path';
import { formatPoints, formatRate } from '../../src/format.ts';
import { summarizeSeeds } from '../../src/tables/cell.ts';
import { differenceOf } from '../difference.ts';
import type { DependenceRow, PublishedRow } from './rows.ts';

/** Of the change in loss and its parts, in nats. */
const DECIMALS = 4;

type Quantity = (row: DependenceRow) => number;

/** The page that shows the committed measurements. */
export const PAGE = join(import.meta.dirname, '../../docs/dependence.md');

/** `<!-- toy-hessian -->` up to the end marker. */
const BLOCK = /<!-- toy-hessian -->\n[\s\S]*?<!-- end of toy-hessian -->/;

/**
 * A page with the tables between its markers.
 *
 * @throws Error if it has no such markers
 */
export function refreshDependence(
  page: string,
  rows: readonly DependenceRow[],
  published: readonly PublishedRow[],
): string {
  if (!BLOCK.test(page))
    throw new Error('the page lacks <!-- toy-hessian --> or <!-- end of toy-hessian -->');
  const tables = renderDependence(rows, published);
  return page.replace(BLOCK, () => `<!-- toy-hessian -->\n\n${tables}\n\n<!-- end of toy-hessian -->`);
}

/** @param rows of one experiment, at one prune rate */
export function renderDependence(rows: readonly DependenceRow[], published: readonly PublishedRow[]): string {
  const methods = [...new Set(rows.map(({ method }) => method))];
  const ofMethod = (method: string) => rows.filter((row) => row.method === method);
  const [first] = rows;
  const pruned = first === undefined ? '' : formatRate(first.pruneRate);
  const nats = (quantity: Quantity) => (method: string) => formatNats(ofMethod(method).map(quantity));
  // Estimates from few directions would scatter for another reason than the seeds.
  const mostDraws = Math.max(...rows.map(({ draws }) => draws));
  const precise = rows.filter(({ draws }) => draws === mostDraws);
  const norms = (quantity: Quantity) => (method: string) =>
    formatNats(precise.filter((row) => row.method === method).map(quantity));
  const points = (quantity: Quantity) => (method: string) => formatShares(ofMethod(method).map(quantity));
  const paper = (format: (row: PublishedRow) => string) => (method: string) => {
    const row = published.find((candidate) => candidate.method === method);
    return row === undefined ? '' : format(row);
  };
  return [
    `Beside the paper: ${pruned} of the weights pruned, mean ± sd over n seeds; the paper has one run`,
    renderTable(methods, {
      n: (method) => String(ofMethod(method).length),
      '\\|ΔE\\| predicted': nats(predictedSize),
      'paper: \\|ΔE\\|': paper(({ changeInLoss }) => String(changeInLoss)),
      'accuracy, unpruned': points(({ accuracy }) => accuracy),
      'paper: unpruned': paper(({ accuracy }) => formatPoints(accuracy)),
      'accuracy, pruned': points(({ prunedAccuracy }) => prunedAccuracy),
      'paper: pruned': paper(({ prunedAccuracy }) => formatPoints(prunedAccuracy)),
    }),
    ...renderDifferences(rows, methods, published),
    'Terms of the expansion, and the change of the loss that was measured, in nats',
    renderTable(methods, {
      '−∇Eᵀd': nats(({ firstOrder }) => firstOrder),
      '½ dᵀHd': nats(({ secondOrder }) => secondOrder),
      'predicted ΔE': nats(predicted),
      'measured ΔE': nats(measured),
    }),
    'The same if the logits layer is pruned, too',
    renderTable(methods, {
      'predicted ΔE': nats(({ everyFirstOrder, everySecondOrder }) => everyFirstOrder + everySecondOrder),
      'measured ΔE': nats(({ loss, everyPrunedLoss }) => everyPrunedLoss - loss),
      'accuracy, pruned': points(({ everyPrunedAccuracy }) => everyPrunedAccuracy),
    }),
    'The matrix of θᵢ Hᵢⱼ θⱼ by blocks: i and j kept, one kept and one removed, both removed; norms of the ' +
      `runs with ${mostDraws} random directions`,
    renderTable(methods, {
      'sum: kept': nats(({ keptSum }) => keptSum),
      cross: nats(({ crossSum }) => crossSum),
      removed: nats(({ removedSum }) => removedSum),
      'norm: kept': norms(({ keptNorm }) => keptNorm),
      'cross ': norms(({ crossNorm }) => crossNorm),
      'removed ': norms(({ removedNorm }) => removedNorm),
      'n of norms': (method) => String(precise.filter((row) => row.method === method).length),
    }),
  ].join('\n\n');
}

/** The first method is what the others are compared with. */
function renderDifferences(
  rows: readonly DependenceRow[],
  [base, ...others]: readonly string[],
  published: readonly PublishedRow[],
): string[] {
  const valuesOf = (method: string | undefined, quantity: Quantity) =>
    rows.filter((row) => row.method === method).map(quantity);
  const differing =
    (quantity: Quantity, format: (value: number) => string) =>
    (method: string): string => {
      const difference = differenceOf(valuesOf(base, quantity), valuesOf(method, quantity));
      if (difference === undefined) return '';
      const { mean, margin } = difference;
      return margin === undefined
        ? format(mean)
        : `${format(mean)} (${format(mean - margin)} to ${format(mean + margin)})`;
    };
  const nats = (value: number) => value.toFixed(DECIMALS);
  const meanSize = (method: string | undefined) =>
    summarizeSeeds(valuesOf(method, predictedSize))?.mean ?? Number.NaN;
  const publishedSize = (method: string | undefined) =>
    published.find((row) => row.method === method)?.changeInLoss ?? Number.NaN;
  const ratio = (size: typeof meanSize) => (method: string) => (size(base) / size(method)).toFixed(1);
  if (others.length === 0) return [];
  return [
    `Less the row of ${base}, with the 95 % interval over seeds (Welch); accuracy in points`,
    renderTable(others, {
      '\\|ΔE\\| predicted': differing(predictedSize, nats),
      'times smaller': ratio(meanSize),
      'paper: times smaller': ratio(publishedSize),
      '½ dᵀHd': differing(({ secondOrder }) => secondOrder, nats),
      'measured ΔE': differing(measured, nats),
      'accuracy, unpruned': differing(({ accuracy }) => accuracy, formatPoints),
      'accuracy, pruned': differing(({ prunedAccuracy }) => prunedAccuracy, formatPoints),
    }),
  ];
}

const predicted: Quantity = ({ firstOrder, secondOrder }) => firstOrder + secondOrder;
const predictedSize: Quantity = (row) => Math.abs(predicted(row));
const measured: Quantity = ({ loss, prunedLoss }) => prunedLoss - loss;

function renderTable(
  methods: readonly string[],
  columns: Readonly<Record<string, (method: string) => string>>,
): string {
  const lines = [
    ['method', ...Object.keys(columns).map((heading) => heading.trim())],
    ['---', ...Object.keys(columns).map(() => '---:')],
    ...methods.map((method) => [method, ...Object.values(columns).map((cell) => cell(method))]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function formatNats(values: readonly number[]): string {
  return formatSeeds(values, (value) => value.toFixed(DECIMALS));
}

function formatShares(values: readonly number[]): string {
  return formatSeeds(values, formatPoints);
}

function formatSeeds(values: readonly number[], format: (value: number) => string): string {
  const cell = summarizeSeeds(values);
  if (cell === undefined) return '';
  return cell.deviation === undefined
    ? format(cell.mean)
    : `${format(cell.mean)} ± ${format(cell.deviation)}`;
}
