/** @file Checkpoints: the whole state of a training, kept so that a crash at any moment leaves one that is whole. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { NamedArrays, NamedSpecs } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { renameDurably, writeFileAtomic } from '../files/atomic.ts';
import { jsonNumber, readIfPresent, readJson, writeJson } from './files.ts';
import { RUN_FILES } from './run-directory.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const count = z.int().nonnegative();

const checkpointSchema = z.object({
  /** Epochs completed. */
  epoch: count,
  /** Steps taken since the start of training. */
  step: count,
  /** Wall-clock time of training so far. */
  trainSeconds: z.number().nonnegative(),
  /** Sums over the epoch under way, of a checkpoint taken within one. */
  totals: z.record(z.string(), jsonNumber),
  /** Of checkpoint.safetensors. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 of 64 hexadecimal digits'),
});

/** Where training stood, and the digest of the arrays that go with it. */
export type CheckpointRecord = z.output<typeof checkpointSchema>;

export interface Checkpoint extends CheckpointRecord {
  readonly arrays: NamedArrays;
  readonly specs: NamedSpecs;
}

/**
 * Replaces the checkpoint. The new arrays wait under a name of their own until checkpoint.json names their digest:
 * that rename is the moment when the new checkpoint takes over, so at no moment is there none.
 *
 * @returns SHA-256 of the arrays' file
 */
export function writeCheckpoint(directory: string, checkpoint: Omit<Checkpoint, 'sha256'>): string {
  const { arrays, specs, ...record } = checkpoint;
  const metadata = { epoch: String(record.epoch), step: String(record.step) };
  const bytes = encodeSafetensors({ arrays, specs, metadata });
  const sha256 = digestOf(bytes);
  writeFileAtomic(waitingPath(directory), bytes);
  writeJson(join(directory, RUN_FILES.checkpoint), { ...record, sha256 });
  renameDurably(waitingPath(directory), join(directory, RUN_FILES.tensors));
  return sha256;
}

/**
 * @returns nothing if the run has no checkpoint
 * @throws UserError if checkpoint.json is malformed
 */
export function readCheckpointRecord(directory: string): CheckpointRecord | undefined {
  return readJson(join(directory, RUN_FILES.checkpoint), checkpointSchema);
}

/**
 * Reads the checkpoint, and completes one whose writing was cut off.
 *
 * @returns nothing if the run has none
 * @throws UserError if a file is malformed, or the arrays are missing or differ from their digest
 */
export function readCheckpoint(directory: string): Checkpoint | undefined {
  const record = readCheckpointRecord(directory);
  if (record === undefined) return undefined;
  const path = join(directory, RUN_FILES.tensors);
  const bytes = readIfPresent(path);
  if (bytes !== undefined && digestOf(bytes) === record.sha256) return { ...record, ...decode(bytes, path) };
  const waiting = readIfPresent(waitingPath(directory));
  if (waiting !== undefined && digestOf(waiting) === record.sha256) {
    renameDurably(waitingPath(directory), path);
    return { ...record, ...decode(waiting, path) };
  }
  const fault =
    bytes === undefined ? 'is missing' : 'is damaged: its SHA-256 is not the one in checkpoint.json';
  throw new UserError(`${path} ${fault}; remove the folder to train this run again`);
}

function decode(bytes: Uint8Array, path: string): { arrays: NamedArrays; specs: NamedSpecs } {
  const { arrays, specs } = decodeSafetensors(bytes, path);
  return { arrays, specs };
}

function waitingPath(directory: string): string {
  return join(directory, `${RUN_FILES.tensors}.next`);
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
