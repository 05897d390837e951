/** @file Checkpoints: the whole state of a training, kept so that a crash at any moment leaves one that is whole. */

import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { NamedArrays, NamedSpecs } from '../arrays.ts';
import { UserError, unlessUserError } from '../errors.ts';
import { renameDurably, writeFileAtomic } from '../files/atomic.ts';
import { jsonNumber, LARGEST_RECORD, readJson, writeJson } from '../files/json.ts';
import { readBoundedFile } from '../files/read.ts';
import { decodeSafetensors, encodeSafetensors } from '../files/safetensors.ts';
import { bestSchema, readBest, removeOtherBests } from './best-network.ts';
import { RUN_FILES } from './directory.ts';
import { requireWhole } from './faults.ts';
import { count, digest, digestOf, hash, LARGEST_CHECKPOINT } from './record-fields.ts';
import { parentSchema } from './summary.ts';

/** The run that a checkpoint belongs to. */
const ownerSchema = z.object({
  experiment: z.string(),
  variant: z.string(),
  seed: count,
  hash,
  /** Fingerprint of the images that it was trained on. */
  dataFingerprint: digest.optional(),
});

export type CheckpointOwner = z.output<typeof ownerSchema>;

const checkpointSchema = z.object({
  /** The run that it belongs to; earlier versions did not say. */
  run: ownerSchema.optional(),
  /** The network that it goes on from, if it does. */
  parent: parentSchema.optional(),
  /** Epochs completed. */
  epoch: count,
  /** Steps taken since the start of training. */
  step: count,
  /** Wall-clock time of training so far. */
  trainSeconds: z.number().nonnegative(),
  /** Sums over the epoch under way, of a checkpoint taken within one. */
  totals: z.record(z.string(), jsonNumber),
  /** The network of the best epoch so far, of a run that keeps it. */
  best: bestSchema.optional(),
  /** SHA-256 of checkpoint.safetensors. */
  sha256: digest,
});

/** Where training stood, and the digest of the arrays that go with it. */
export type CheckpointRecord = z.output<typeof checkpointSchema>;

export interface Checkpoint extends CheckpointRecord {
  readonly arrays: NamedArrays;
  readonly specs: NamedSpecs;
}

/** Where new arrays wait until checkpoint.json names them. */
export const WAITING_TENSORS = `${RUN_FILES.tensors}.next`;

/** Every file that may hold the arrays of a record, the usual one first. */
const TENSOR_FILES = [RUN_FILES.tensors, WAITING_TENSORS, RUN_FILES.previousTensors] as const;

/**
 * Writes a checkpoint and keeps the one before it. The new arrays wait under a name of their own until checkpoint.json
 * names their digest: that rename is the moment when the new checkpoint takes over. At each moment before and after it
 * the arrays of both records are there under one of the three names, where `findArrays` looks for them by digest.
 *
 * @returns SHA-256 of the arrays' file
 */
export function writeCheckpoint(directory: string, checkpoint: Omit<Checkpoint, 'sha256'>): string {
  const { arrays, specs, ...record } = checkpoint;
  const bytes = encodeSafetensors({ arrays, specs, metadata: describePosition(record) });
  const sha256 = digestOf(bytes);
  writeFileAtomic(join(directory, WAITING_TENSORS), bytes);
  const old = readBoundedFile(join(directory, RUN_FILES.checkpoint), LARGEST_RECORD);
  if (old !== undefined) writeFileAtomic(join(directory, RUN_FILES.previousCheckpoint), old);
  writeJson(join(directory, RUN_FILES.checkpoint), { ...record, sha256 });
  settleCheckpoint(directory);
  if (record.best !== undefined) removeUnusedBests(directory);
  return sha256;
}

/** Keeps the best networks that the records of the last two checkpoints name. */
function removeUnusedBests(directory: string): void {
  const names = [RUN_FILES.checkpoint, RUN_FILES.previousCheckpoint];
  const records = names.map((name) =>
    unlessUserError(() => readJson(join(directory, name), checkpointSchema)),
  );
  removeOtherBests(
    directory,
    records.map((record) => record?.best),
  );
}

/** Renames the waiting arrays, which checkpoint.json names by now, to the usual name, and those of the checkpoint before to theirs. */
export function settleCheckpoint(directory: string): void {
  const tensors = join(directory, RUN_FILES.tensors);
  try {
    renameSync(tensors, join(directory, RUN_FILES.previousTensors));
  } catch (error) {
    // There is none at the first checkpoint, nor if an earlier call was cut off here.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  renameDurably(join(directory, WAITING_TENSORS), tensors);
}

/** Removes the checkpoint before the last one, of which a run that is done has no use. */
export function removeSpareCheckpoint(directory: string): void {
  for (const name of [RUN_FILES.previousTensors, RUN_FILES.previousCheckpoint])
    rmSync(join(directory, name), { force: true });
  // A record that cannot be read does not say which file it needs.
  if (unlessUserError(() => readJson(join(directory, RUN_FILES.checkpoint), checkpointSchema)) !== undefined)
    removeUnusedBests(directory);
}

/**
 * The record of the checkpoint, or of the one before it if that cannot be read.
 *
 * @returns nothing if the run has no checkpoint that could be read
 */
export function readCheckpointRecord(directory: string): CheckpointRecord | undefined {
  for (const name of [RUN_FILES.checkpoint, RUN_FILES.previousCheckpoint]) {
    try {
      const record = readJson(join(directory, name), checkpointSchema);
      if (record !== undefined) return record;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return undefined;
}

/**
 * Reads the checkpoint.
 *
 * @returns nothing if the run has none
 * @throws DamageError if a file is malformed, or the arrays are missing or differ from their digest
 */
export function readCheckpoint(directory: string): Checkpoint | undefined {
  const found = readRecorded(directory, RUN_FILES.checkpoint);
  return found?.checkpoint;
}

/** A checkpoint, and the file in which its arrays were found. */
export interface FoundCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly tensors: (typeof TENSOR_FILES)[number];
}

/**
 * Reads the checkpoint of a record, under whichever name its arrays lie.
 *
 * @param name of the record's file
 * @returns nothing if there is no such record
 * @throws DamageError as `readCheckpoint`
 */
export function readRecorded(directory: string, name: string): FoundCheckpoint | undefined {
  return requireWhole(() => findRecorded(directory, name));
}

/** @throws UserError that says what is wrong */
function findRecorded(directory: string, name: string): FoundCheckpoint | undefined {
  const record = readJson(join(directory, name), checkpointSchema);
  if (record === undefined) return undefined;
  let failure: unknown;
  for (const tensors of TENSOR_FILES) {
    const path = join(directory, tensors);
    let bytes: Buffer | undefined;
    try {
      bytes = readBoundedFile(path, LARGEST_CHECKPOINT);
    } catch (error) {
      // The arrays may be whole under another name.
      failure ??= error;
    }
    if (bytes === undefined || digestOf(bytes) !== record.sha256) continue;
    const { arrays, specs, metadata } = decodeSafetensors(bytes, path);
    requirePosition(record, metadata, join(directory, name));
    if (record.best !== undefined) readBest(directory, record.best);
    return { checkpoint: { ...record, arrays, specs }, tensors };
  }
  if (failure !== undefined) throw failure;
  const isPrevious = name === RUN_FILES.previousCheckpoint;
  const path = join(directory, isPrevious ? RUN_FILES.previousTensors : RUN_FILES.tensors);
  const fault = !existsSync(path) ? 'is missing' : `is damaged: its SHA-256 is not the one in ${name}`;
  throw new UserError(`${path} ${fault}`);
}

/**
 * Where training stood, for the header of the arrays' file. The file's digest covers it, so that a digit that changes in
 * checkpoint.json is noticed. The time is left out: it differs between equal trainings.
 */
function describePosition({
  epoch,
  step,
  totals,
  best,
}: Pick<Checkpoint, 'epoch' | 'step' | 'totals' | 'best'>): Record<string, string> {
  const sums = Object.entries(totals).map(([name, value]) => [`total/${name}`, String(value)]);
  const kept = best === undefined ? {} : { 'best/epoch': String(best.epoch), 'best/sha256': best.sha256 };
  return { epoch: String(epoch), step: String(step), ...Object.fromEntries(sums), ...kept };
}

/** Compares the entries that the arrays' file has; earlier versions wrote fewer. */
function requirePosition(
  record: CheckpointRecord,
  metadata: Readonly<Record<string, string>>,
  where: string,
): void {
  const expected = describePosition(record);
  const wrong = Object.keys(metadata).find((name) => metadata[name] !== expected[name]);
  if (wrong === undefined) return;
  throw new UserError(
    `${where} is damaged: its ${wrong} is ${expected[wrong]}, expected ${metadata[wrong]} as in the arrays`,
  );
}
