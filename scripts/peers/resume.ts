/** @file Rows that an earlier call has measured, and which of them need not be measured again. */

import { isDisturbed } from './load.ts';
import type { PeerRow, RowSettings } from './report.ts';
import type { Side } from './sides.ts';
import { type Comparand, imagesOf, listComparands, SUBJECTS, VARIANTS, WORKLOADS } from './workloads.ts';

/** Those of one comparand, one for each side. */
export function rowsOf(rows: readonly PeerRow[], { workload, variant, what }: Comparand): PeerRow[] {
  return rows.filter((row) => row.workload === workload.name && row.variant === variant && row.what === what);
}

/** Whether there are undisturbed rows of these very sides, measured with the same programs, machine, images, threads and rounds. */
export function isMeasured(
  rows: readonly PeerRow[],
  comparand: Comparand,
  sides: readonly Side[],
  { images, threads, rounds, measuredWith }: RowSettings,
): boolean {
  const own = rowsOf(rows, comparand);
  const { batchSize, runsPerTurn } = comparand.workload;
  return (
    own.length === sides.length &&
    sides.every((side) => own.some((row) => row.side === side)) &&
    own.every(
      (row) =>
        !isDisturbed(row) &&
        row.images === imagesOf(comparand.workload, images) &&
        row.threads === threads &&
        row.rounds === rounds &&
        row.batchSize === batchSize &&
        row.runsPerRound === runsPerTurn &&
        row.measuredWith === measuredWith,
    )
  );
}

/** All rows, those of one comparand replaced, in the order of the table. */
export function replaceRows(
  rows: readonly PeerRow[],
  comparand: Comparand,
  fresh: readonly PeerRow[],
): PeerRow[] {
  const former = new Set(rowsOf(rows, comparand));
  const all = [...rows.filter((row) => !former.has(row)), ...fresh];
  return listComparands(WORKLOADS, VARIANTS, SUBJECTS).flatMap((each) => rowsOf(all, each));
}
