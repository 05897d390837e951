/** @file metrics.csv: a row per epoch. It holds no times, so that equal runs write equal bytes. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { type Columns, formatCsv, type Row, readCsv, writeCsv } from '../files/csv.ts';
import { RUN_FILES, TRAIN_AGAIN } from './directory.ts';

const COLUMNS = {
  /** Epochs completed: the first row is 1, or the epoch in which a run takes up the training of another. */
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

/** Of runs with a validation split. */
const VALIDATION_COLUMNS = {
  /** Mean cross-entropy over the validation images, in nats. */
  validationLoss: 'number',
  /** Share of validation images classified correctly, nothing pruned, 0 to 1. */
  validationAccuracy: 'share',
} as const satisfies Columns;

/** Of runs that keep the network of their best epoch. */
const BEST_COLUMNS = {
  /** The epoch of highest validation accuracy so far, the first of several: after the last epoch, that of the kept network. */
  bestEpoch: 'count',
} as const satisfies Columns;

/** Forms of the file: runs that do not ask for more have the columns that all had before. */
const FORMS = [
  COLUMNS,
  { ...COLUMNS, ...VALIDATION_COLUMNS },
  { ...COLUMNS, ...VALIDATION_COLUMNS, ...BEST_COLUMNS },
] as const satisfies Columns[];

export type MetricsRow = Row<typeof COLUMNS> & {
  readonly [Key in keyof typeof VALIDATION_COLUMNS | keyof typeof BEST_COLUMNS]?: number | undefined;
};

/** The columns of a file with such rows. */
function columnsOf(row: MetricsRow | undefined): typeof COLUMNS {
  if (row?.validationAccuracy === undefined) return FORMS[0];
  return FORMS[row.bestEpoch === undefined ? 1 : 2];
}

/**
 * @returns the rows so far, none before the first epoch's end
 * @throws UserError naming file and line if it is malformed
 */
export function readMetrics(directory: string): MetricsRow[] {
  return readCsv(join(directory, RUN_FILES.metrics), ...FORMS);
}

/**
 * Adds a row. The file is copied as it is and replaced, which is atomic; only the new row costs more than its bytes, so that
 * an epoch takes as long after thousands of others as at the start.
 */
export function appendMetrics(directory: string, row: MetricsRow): void {
  const path = join(directory, RUN_FILES.metrics);
  const columns = columnsOf(row);
  const header = formatCsv(columns, []);
  const found = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  // A header alone may be of another form: without a row nothing told which columns there would be.
  const before = found.indexOf('\n') < found.length - 1 ? found : Buffer.from(header);
  const added = formatCsv(columns, [row]).slice(header.length);
  writeFileAtomic(path, Buffer.concat([before, Buffer.from(added)]));
}

/**
 * Removes the rows after an epoch, which a cut-off run wrote after the checkpoint that it goes on from.
 *
 * @param epoch the last that the checkpoint has behind it
 * @param first the first that the run takes
 * @throws UserError if a row up to that epoch is missing, since nothing could bring it back, or the file is malformed
 */
export function truncateMetrics(directory: string, epoch: number, first = 1): void {
  const rows = readMetrics(directory);
  const kept = rows.filter((row) => row.epoch <= epoch);
  const epochs = epoch - first + 1;
  if (kept.length !== epochs || kept.some((row, index) => row.epoch !== first + index)) {
    throw new UserError(
      `${join(directory, RUN_FILES.metrics)} lacks rows of the ${epochs} epochs that the checkpoint has behind it; ` +
        `bring it back, or ${TRAIN_AGAIN}`,
    );
  }
  if (kept.length < rows.length) writeMetrics(directory, kept);
}

/** Replaces the file. */
export function writeMetrics(directory: string, rows: readonly MetricsRow[]): void {
  writeCsv(join(directory, RUN_FILES.metrics), columnsOf(rows[0]), rows);
}
