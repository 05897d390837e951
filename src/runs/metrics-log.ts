/** @file Makes the rows of metrics.csv anew from a run's log, into which the recorder writes the same numbers. */
import { z } from 'zod';
import { readLogEntries } from './log-entries.ts';
import type { MetricsRow } from './metrics.ts';

/** Bytes at the end of a log that are read: those of 100,000 epochs. */
const MOST_BYTES = 2 ** 26;

const share = z.number().min(0).max(1);
const count = z.int().positive();

/** What the recorder logs at the end of an epoch. */
const lineSchema = z.object({
  msg: z.literal('epoch done'),
  epoch: count,
  step: count,
  learningRate: z.number(),
  trainLoss: z.number(),
  trainAccuracy: share,
  testLoss: z.number(),
  testAccuracy: share,
  validationLoss: z.number().optional(),
  validationAccuracy: share.optional(),
  bestEpoch: count.optional(),
});

/**
 * @param last the last epoch of which there must be a row
 * @param beginsLater whether the first row may be of a later epoch than 1: that of the first that was logged
 * @returns the rows up to that epoch, as the last session that came through each logged it; nothing if one is missing
 */
export function readMetricsFromLog(
  directory: string,
  last: number,
  beginsLater = false,
): MetricsRow[] | undefined {
  const rows = new Map<number, MetricsRow>();
  for (const entry of readLogEntries(directory, MOST_BYTES)) {
    const line = lineSchema.safeParse(entry).data;
    if (line === undefined) continue;
    const { msg: _, ...row } = line;
    rows.set(row.epoch, row);
  }
  const first = beginsLater ? Math.min(...rows.keys(), last) : 1;
  const wanted = Array.from({ length: last - first + 1 }, (_, index) => rows.get(first + index));
  return wanted.every((row) => row !== undefined) ? wanted : undefined;
}
