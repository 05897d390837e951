/**
 * @file The event file of a run, which TensorBoard shows: its version, then a record for each epoch.
 *
 * It grows in place, where other files of a run are replaced whole: TensorBoard follows an open file, and a copy of all histograms each
 * epoch would cost more and more. A record that was cut off by a crash is no obstacle to TensorBoard, and is dropped when the
 * run goes on.
 */
import { closeSync, fstatSync, fsyncSync, openSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { nameFile } from '../../files/atomic.ts';
import { RUN_FILES } from '../directory.ts';
import { decodeStep, type EpochSummary, encodeFileVersion, encodeSummary } from './messages.ts';
import { frameRecord, readRecord } from './records.ts';

/**
 * Adds an epoch, and begins the file if there is none. The caller must hold the run's lock.
 *
 * @throws Error of the file system; part of the record may then be there
 */
export function appendEvents(directory: string, summary: EpochSummary): void {
  const path = join(directory, RUN_FILES.events);
  const wallTime = Date.now() / 1000;
  const isNew = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
  const messages = [...(isNew ? [encodeFileVersion(wallTime)] : []), encodeSummary(summary, wallTime)];
  append(path, Buffer.concat(messages.map(frameRecord)));
}

function append(path: string, bytes: Uint8Array): void {
  try {
    const descriptor = openSync(path, 'a');
    try {
      writeFileSync(descriptor, bytes);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw nameFile(error as NodeJS.ErrnoException, path);
  }
}

/**
 * Forgets the epochs that end after a step, and what follows the last record that is whole: what a cut-off run wrote beyond
 * the checkpoint that it goes on from. Without a file it does nothing. The caller must hold the run's lock.
 *
 * @param warn called with a sentence if the file is damaged
 * @throws UserError if there is something else than a file
 */
export function truncateEvents(directory: string, step: number, warn: (sentence: string) => void): void {
  const path = join(directory, RUN_FILES.events);
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isFile()) throw new UserError(`${path} is not a file; remove it to train this run`);
  const { end, isDamaged } = findEnd(path, step);
  if (isDamaged)
    warn(`${path} is damaged from byte ${end} on; TensorBoard will miss the epochs that stood there`);
  if (end < status.size) truncateSync(path, end);
}

/** Where the records up to a step end, and whether they end there because the next one is damaged. */
function findEnd(path: string, step: number): { readonly end: number; readonly isDamaged: boolean } {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    let end = 0;
    while (end < size) {
      const record = readRecord(descriptor, end, size);
      if (record.kind !== 'whole') return { end, isDamaged: record.kind === 'damaged' };
      const found = decodeStep(record.data);
      if (found === undefined) return { end, isDamaged: true };
      if (found > step) break;
      end = record.end;
    }
    return { end, isDamaged: false };
  } finally {
    closeSync(descriptor);
  }
}
