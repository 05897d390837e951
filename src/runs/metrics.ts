/** @file metrics.csv: a row per epoch. It holds no times, so that equal runs write equal bytes. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { type Columns, formatCsv, type Row, readCsv, writeCsv } from '../files/csv.ts';
import { RUN_FILES, TRAIN_AGAIN } from './directory.ts';

const COLUMNS = {
  /** Epochs completed: the first row is 1. */
  epoch: 'count',
  /** Steps taken since the start of training. */
  step: 'count',
  /** That of the epoch's last step. */
  learningRate: 'number',
  /** Mean over the epoch's training images, in nats. */
  trainLoss: 'number',
  /** Share of the epoch's training images classified correctly, as they were trained on, 0 to 1. */
  trainAccuracy: 'share',
  /** Mean cross-entropy over the test images, in nats. */
  testLoss: 'number',
  /** Share of test images classified correctly, nothing pruned, 0 to 1. */
  testAccuracy: 'share',
} as const satisfies Columns;

export type MetricsRow = Row<typeof COLUMNS>;

const HEADER = formatCsv(COLUMNS, []);

/**
 * @returns the rows so far, none before the first epoch's end
 * @throws UserError naming file and line if it is malformed
 */
export function readMetrics(directory: string): MetricsRow[] {
  return readCsv(join(directory, RUN_FILES.metrics), COLUMNS);
}

/**
 * Adds a row. The file is copied as it is and replaced, which is atomic; only the new row costs more than its bytes, so that
 * an epoch takes as long after thousands of others as at the start.
 */
export function appendMetrics(directory: string, row: MetricsRow): void {
  const path = join(directory, RUN_FILES.metrics);
  const before = existsSync(path) ? readFileSync(path) : Buffer.from(HEADER);
  const added = formatCsv(COLUMNS, [row]).slice(HEADER.length);
  writeFileAtomic(path, Buffer.concat([before, Buffer.from(added)]));
}

/**
 * Removes the rows after an epoch, which a cut-off run wrote after the checkpoint that it goes on from.
 *
 * @throws UserError if a row up to that epoch is missing, since nothing could bring it back, or the file is malformed
 */
export function truncateMetrics(directory: string, epoch: number): void {
  const rows = readMetrics(directory);
  const kept = rows.filter((row) => row.epoch <= epoch);
  if (kept.length !== epoch || kept.some((row, index) => row.epoch !== index + 1)) {
    throw new UserError(
      `${join(directory, RUN_FILES.metrics)} lacks rows of the ${epoch} epochs that the checkpoint has behind it; ` +
        `bring it back, or ${TRAIN_AGAIN}`,
    );
  }
  if (kept.length < rows.length) writeMetrics(directory, kept);
}

/** Replaces the file. */
export function writeMetrics(directory: string, rows: readonly MetricsRow[]): void {
  writeCsv(join(directory, RUN_FILES.metrics), COLUMNS, rows);
}
