/** @file measure.csv: what a network costs to store and to run, a row for each run, granularity and prune rate. */
import { join } from 'node:path';
import { withRemedy } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { type Columns, formatCsv, type Row, readCsv } from '../files/csv.ts';
import { withLock } from '../locks/lock.ts';
import { compareNaturally } from '../order.ts';

const COLUMNS = {
  variant: 'text',
  seed: 'count',
  granularity: ['weight', 'unit'],
  pruneRate: 'share',
  /** Numbers in the exported network, batch normalisation folded, and of them not zero. */
  parameters: 'count',
  nonzero: 'count',
  /** For one image. */
  multiplyAdds: 'count',
  /** Of the ONNX file, and of it compressed by gzip; of the safetensors file without zeros. */
  bytes: 'count',
  gzipBytes: 'count',
  sparseBytes: 'count',
  /** Milliseconds for one image, then for 128: first quartile, median, third quartile. */
  low1: 'number',
  median1: 'number',
  high1: 'number',
  low128: 'number',
  median128: 'number',
  high128: 'number',
  /** The same of the network with nothing pruned, in the same interleaved runs. */
  denseLow1: 'number',
  denseMedian1: 'number',
  denseHigh1: 'number',
  denseLow128: 'number',
  denseMedian128: 'number',
  denseHigh128: 'number',
  /** Timed runs of each network at each batch size. */
  rounds: 'count',
  threads: 'count',
  processor: 'text',
  /** The run and its checkpoint, as in sweep.csv. */
  runId: 'text',
} as const satisfies Columns;

export type MeasureRow = Row<typeof COLUMNS>;

/**
 * `<results>/<experiment>/measure.csv`; of networks that were pruned by another criterion than the paper's `measure-<criterion>.csv`, as
 * with sweeps.
 *
 * @param criterion its id
 */
export function measurePath(results: string, experiment: string, criterion?: string): string {
  return join(results, experiment, `measure${criterion === undefined ? '' : `-${criterion}`}.csv`);
}

/** @throws UserError naming file and line if it is malformed, with what to do */
export function readMeasures(results: string, experiment: string, criterion?: string): MeasureRow[] {
  return withRemedy(
    () => readCsv(measurePath(results, experiment, criterion), COLUMNS),
    'mend it, or remove it to have all networks measured anew',
  );
}

/** Lays new rows over those of the same run, granularity and rate, and writes the table. */
export function addMeasures(
  results: string,
  experiment: string,
  added: readonly MeasureRow[],
  criterion?: string,
): Promise<void> {
  const lock = join(results, experiment, 'measure.lock.json');
  return withLock(lock, () => {
    const keyOf = ({ variant, seed, granularity, pruneRate }: MeasureRow) =>
      JSON.stringify([variant, seed, granularity, pruneRate]);
    const rows = [...readMeasures(results, experiment, criterion), ...added];
    const merged = [...new Map(rows.map((row) => [keyOf(row), row])).values()].toSorted(
      (a, b) =>
        compareNaturally(a.variant, b.variant) ||
        a.seed - b.seed ||
        compareNaturally(a.granularity, b.granularity) ||
        a.pruneRate - b.pruneRate,
    );
    writeFileAtomic(measurePath(results, experiment, criterion), formatCsv(COLUMNS, merged));
  });
}

/** The row of a checkpoint that was pruned so. */
export function findMeasure(
  rows: readonly MeasureRow[],
  runId: string,
  granularity: string,
  pruneRate: number,
): MeasureRow | undefined {
  return rows.find(
    (row) => row.runId === runId && row.granularity === granularity && row.pruneRate === pruneRate,
  );
}
