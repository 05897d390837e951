/** @file From measurements to rows with ratios, as a table for people and as CSV. */

import { dirname } from 'node:path';
import { type Columns, type Row, readCsv, writeCsv } from '../../src/files/csv.ts';
import { makeDirectory } from '../../src/files/directories.ts';
import { median } from '../../src/median.ts';
import { formatColumns } from '../../src/terminal/words.ts';
import { isDisturbed } from './load.ts';
import {
  describePrecision,
  engineOf,
  nameLibrary,
  PRECISIONS,
  precisionOf,
  SIDES,
  type Side,
} from './sides.ts';
import type { Measurement, SettledMeasurements } from './timing.ts';
import { type Comparand, type Images, imagesOf, nameComparand, SUBJECTS, VARIANTS } from './workloads.ts';

/**
 * Times are milliseconds, memory is megabytes, loads are shares of all cores. What has no value is NaN, and empty in the file: a
 * ratio to what took no part, and all ratios of what was disturbed.
 */
export const COLUMNS = {
  workload: 'text',
  variant: [...VARIANTS, 'any'],
  what: SUBJECTS,
  side: SIDES,
  precision: PRECISIONS,
  /** What a batch was of. */
  images: ['mnist', 'noise'],
  batchSize: 'number',
  threads: 'number',
  rounds: 'number',
  runsPerRound: 'number',
  median: 'number',
  fastest: 'number',
  /** Of medians: to the layout of PyTorch with the lower one, in the same precision. */
  ratioToPytorch: 'optional',
  /** Of medians: to onnx in float32. */
  ratioToOnnx: 'optional',
  /** The side of td with the lowest median in this precision, and its ratio to PyTorch. */
  bestOfTd: [...SIDES, ''],
  bestRatioToPytorch: 'optional',
  /** The most that the process has held, pages of library files included. */
  peakMemory: 'optional',
  /** To that of the same layout of PyTorch. */
  peakMemoryToPytorch: 'optional',
  peakMemoryToOnnx: 'optional',
  /** What the process holds at the end, without pages of files. */
  privateMemory: 'optional',
  privateMemoryToPytorch: 'optional',
  privateMemoryToOnnx: 'optional',
  otherLoad: 'number',
  /** How often the sides were measured; the least disturbed try is reported. */
  tries: 'number',
  /** Versions and machine (machine.ts). */
  measuredWith: 'text',
} as const satisfies Columns;

export type PeerRow = Row<typeof COLUMNS>;

/** What ratios are made of. */
interface Figures {
  readonly side: Side;
  readonly median: number;
  readonly fastest: number;
  readonly peak: number;
  readonly private: number;
}

/** How rows were measured. */
export interface RowSettings {
  readonly images: Images;
  readonly threads: number;
  readonly rounds: number;
  readonly measuredWith: string;
}

/** A row for each side. */
export function compareSides(
  { workload, variant, what }: Comparand,
  { sides: measurements, otherLoad, tries }: SettledMeasurements,
  { images, threads, rounds, measuredWith }: RowSettings,
): PeerRow[] {
  const sides = measurements.map(summarize);
  // What was disturbed is compared with nothing.
  const compared = isDisturbed({ otherLoad }) ? [] : sides;
  const onnx = compared.find(({ side }) => side === 'onnx');
  return sides.map((figures) => {
    const precision = precisionOf(figures.side);
    const alike = compared.filter(({ side }) => precisionOf(side) === precision);
    const pytorch = fastestOf(alike.filter(({ side }) => engineOf(side) === undefined));
    const best = fastestOf(alike.filter(({ side }) => engineOf(side) !== undefined));
    return {
      workload: workload.name,
      variant,
      what,
      side: figures.side,
      precision,
      images: imagesOf(workload, images),
      batchSize: workload.batchSize,
      threads,
      rounds,
      runsPerRound: workload.runsPerTurn,
      median: figures.median,
      fastest: figures.fastest,
      ratioToPytorch: ratioOf('median', figures, pytorch),
      ratioToOnnx: ratioOf('median', figures, onnx),
      bestOfTd: best?.side ?? '',
      bestRatioToPytorch: ratioOf('median', best, pytorch),
      peakMemory: figures.peak,
      peakMemoryToPytorch: ratioOf('peak', figures, pytorch),
      peakMemoryToOnnx: ratioOf('peak', figures, onnx),
      privateMemory: figures.private,
      privateMemoryToPytorch: ratioOf('private', figures, pytorch),
      privateMemoryToOnnx: ratioOf('private', figures, onnx),
      otherLoad,
      tries,
      measuredWith,
    };
  });
}

function fastestOf(sides: readonly Figures[]): Figures | undefined {
  return sides.toSorted((a, b) => a.median - b.median)[0];
}

function summarize({ side, milliseconds, memory }: Measurement): Figures {
  return {
    side,
    median: median(milliseconds),
    fastest: Math.min(...milliseconds),
    peak: memory?.peak ?? Number.NaN,
    private: memory?.private ?? Number.NaN,
  };
}

function ratioOf(
  key: 'median' | 'peak' | 'private',
  figures: Figures | undefined,
  yardstick: Figures | undefined,
): number {
  return figures === undefined || yardstick === undefined ? Number.NaN : figures[key] / yardstick[key];
}

const RATIOS = ['÷ PyTorch', '÷ onnx'];
const HEADER = ['side', 'median', 'fastest', ...RATIOS, 'peak', ...RATIOS, 'private', ...RATIOS];

/**
 * Rows for the terminal, 120 columns wide at most: what was compared, then a line for each side. Without a line end after
 * the last.
 */
export function formatRows(rows: readonly PeerRow[]): string {
  const cells = rows.map((row) => [
    nameLibrary(row.side),
    formatMilliseconds(row.median),
    formatMilliseconds(row.fastest),
    formatRatio(row.ratioToPytorch),
    formatRatio(row.ratioToOnnx),
    formatMemory(row.peakMemory),
    formatRatio(row.peakMemoryToPytorch),
    formatRatio(row.peakMemoryToOnnx),
    formatMemory(row.privateMemory),
    formatRatio(row.privateMemoryToPytorch),
    formatRatio(row.privateMemoryToOnnx),
  ]);
  const [header = '', ...lines] = formatColumns(HEADER, cells).split('\n');
  const headings = rows.map(describeRow);
  const body = lines.flatMap((line, index) =>
    headings[index] === headings[index - 1] ? [line] : ['', `${headings[index]}`, line],
  );
  return [header, ...body].join('\n');
}

/** `lenet, none, step on mnist in bfloat16`, and which side of td was the best, or that the row was disturbed. */
function describeRow(row: PeerRow): string {
  const name = `${nameComparand(row.workload, row.variant, row.what)} on ${row.images}${describePrecision(row.precision)}`;
  return `${name}${describeBest(row)}${describeDisturbance(row)}`;
}

function describeBest({ bestOfTd, bestRatioToPytorch }: PeerRow): string {
  if (bestOfTd === '' || Number.isNaN(bestRatioToPytorch)) return '';
  return ` (best of td ÷ PyTorch: ${formatRatio(bestRatioToPytorch)}, ${nameLibrary(bestOfTd)})`;
}

/** ` (disturbed: …)`, or nothing where the machine was quiet. */
export function describeDisturbance({
  otherLoad,
  tries,
}: Pick<SettledMeasurements, 'otherLoad' | 'tries'>): string {
  if (!isDisturbed({ otherLoad })) return '';
  const share = (100 * otherLoad).toFixed(0);
  return ` (disturbed, no ratios: other programs took ${share} % of the cores in the quietest of ${tries} tries)`;
}

/** Writes rows as CSV, all digits kept, and makes the folder that the file is to be in. */
export function writeRows(path: string, rows: readonly PeerRow[]): void {
  makeDirectory(dirname(path));
  writeCsv(path, COLUMNS, rows);
}

/**
 * What an earlier call has written; nothing if there is no file.
 *
 * @throws UserError if the file is of another form
 */
export function readRows(path: string): PeerRow[] {
  return readCsv(path, COLUMNS);
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
