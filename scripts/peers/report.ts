/** @file From measurements to the table of ratios, for people and as CSV. */
import { columns } from '../../src/cli/words.ts';
import { type Columns, type Row, writeCsv } from '../../src/results/csv.ts';
import { median } from '../../src/training/timing.ts';
import { LAYOUTS, SIDES } from './peer.ts';
import type { Measurement, Measurements } from './timing.ts';
import { type Comparand, SUBJECTS, VARIANTS } from './workloads.ts';

/** Times are milliseconds, memory is megabytes (NaN where the system does not tell), loads are shares of all cores. */
export const COLUMNS = {
  workload: 'text',
  variant: [...VARIANTS, 'any'],
  what: SUBJECTS,
  batchSize: 'number',
  threads: 'number',
  rounds: 'number',
  runsPerRound: 'number',
  tdMedian: 'number',
  tdFastest: 'number',
  pytorchMedian: 'number',
  pytorchFastest: 'number',
  /** The layout that PyTorch was faster in. */
  pytorchLayout: LAYOUTS,
  /** Medians, td / PyTorch. */
  ratio: 'number',
  tdPeakMemory: 'number',
  pytorchPeakMemory: 'number',
  memoryRatio: 'number',
  otherLoad: 'number',
} as const satisfies Columns;

export type PeerRow = Row<typeof COLUMNS>;

/**
 * One row: td beside the layout of PyTorch with the lower median.
 *
 * @throws Error if td or all of PyTorch was not measured
 */
export function compareSides(
  { workload, variant, what }: Comparand,
  { sides: measurements, otherLoad }: Measurements,
  { threads, rounds }: { readonly threads: number; readonly rounds: number },
): PeerRow {
  const sides = measurements.map((measurement) => ({ ...measurement, ...summarize(measurement) }));
  const td = sides.find(({ side }) => side === 'td');
  const [pytorch] = sides.filter(({ side }) => side !== 'td').sort((a, b) => a.median - b.median);
  if (td === undefined || pytorch === undefined || pytorch.side === 'td')
    throw new Error(`expected measurements of ${SIDES.join(', ')}, got ${sides.map(({ side }) => side)}`);
  return {
    workload: workload.name,
    variant,
    what,
    batchSize: workload.batchSize,
    threads,
    rounds,
    runsPerRound: workload.runsPerTurn,
    tdMedian: td.median,
    tdFastest: td.fastest,
    pytorchMedian: pytorch.median,
    pytorchFastest: pytorch.fastest,
    pytorchLayout: pytorch.side,
    ratio: td.median / pytorch.median,
    tdPeakMemory: td.memory,
    pytorchPeakMemory: pytorch.memory,
    memoryRatio: td.memory / pytorch.memory,
    otherLoad,
  };
}

function summarize({ milliseconds, peakMemory }: Measurement): {
  readonly median: number;
  readonly fastest: number;
  readonly memory: number;
} {
  return {
    median: median(milliseconds),
    fastest: Math.min(...milliseconds),
    memory: peakMemory ?? Number.NaN,
  };
}

/** Rows for the terminal, without a line end after the last. */
export function formatRows(rows: readonly PeerRow[]): string {
  const header = [
    'workload',
    'variant',
    'what',
    'td',
    'PyTorch',
    'layout',
    'ratio',
    'td memory',
    'PyTorch memory',
    'memory ratio',
  ];
  const cells = rows.map((row) => [
    row.workload,
    row.variant,
    row.what,
    formatMilliseconds(row.tdMedian),
    formatMilliseconds(row.pytorchMedian),
    row.pytorchLayout,
    formatRatio(row.ratio),
    formatMemory(row.tdPeakMemory),
    formatMemory(row.pytorchPeakMemory),
    formatRatio(row.memoryRatio),
  ]);
  return columns(header, cells);
}

/** Writes rows as CSV, all digits kept. */
export function writeRows(path: string, rows: readonly PeerRow[]): void {
  writeCsv(path, COLUMNS, rows);
}

/** Three digits at least: `2.31 ms`, `12.6 ms`, `740 ms`. */
export function formatMilliseconds(milliseconds: number): string {
  const digits = milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0;
  return `${milliseconds.toFixed(digits)} ms`;
}

function formatRatio(ratio: number): string {
  return Number.isNaN(ratio) ? '–' : ratio.toFixed(2);
}

function formatMemory(megabytes: number): string {
  return Number.isNaN(megabytes) ? '–' : `${megabytes.toFixed(0)} MB`;
}
