/**
 * @file The network of the epoch with the best validation accuracy so far, kept beside the checkpoint of a run whose
 * `schedule.keep` asks for it. Its file is named by the epoch and never changed; checkpoint.json says which one counts, so
 * that both are always of one moment, whenever a training is cut off.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { NamedArrays, NamedSpecs } from '../arrays.ts';
import { UserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { readBoundedFile } from '../files/read.ts';
import { decodeSafetensors, encodeSafetensors } from '../files/safetensors.ts';
import { requireWhole } from './faults.ts';
import { count, digest, digestOf, LARGEST_CHECKPOINT } from './record-fields.ts';

export const bestSchema = z.object({
  /** The epoch after which it was. */
  epoch: count,
  /** SHA-256 of its file. */
  sha256: digest,
});

/** What checkpoint.json says of the best network so far. */
export type BestNetwork = z.output<typeof bestSchema>;

/** A network with all other state of its training. */
export interface NetworkState {
  readonly arrays: NamedArrays;
  readonly specs: NamedSpecs;
}

const FILES = /^best-epoch-\d+\.safetensors$/;

function fileOf(epoch: number): string {
  return `best-epoch-${epoch}.safetensors`;
}

/** To be called before the checkpoint that names it is written. */
export function writeBest(directory: string, epoch: number, { arrays, specs }: NetworkState): BestNetwork {
  const bytes = encodeSafetensors({ arrays, specs, metadata: { epoch: String(epoch) } });
  writeFileAtomic(join(directory, fileOf(epoch)), bytes);
  return { epoch, sha256: digestOf(bytes) };
}

/** @throws DamageError if its file is missing or differs from its digest */
export function readBest(directory: string, { epoch, sha256 }: BestNetwork): NetworkState {
  const path = join(directory, fileOf(epoch));
  return requireWhole(() => {
    const bytes = readBoundedFile(path, LARGEST_CHECKPOINT);
    if (bytes !== undefined && digestOf(bytes) === sha256) return decodeSafetensors(bytes, path);
    const fault = bytes === undefined ? 'is missing' : 'is damaged: its SHA-256 is not as it was written';
    throw new UserError(`${path} ${fault}`);
  });
}

/** Removes the files of all networks but those named. */
export function removeOtherBests(directory: string, named: readonly (BestNetwork | undefined)[]): void {
  const kept = named.map((best) => best && fileOf(best.epoch));
  for (const file of readdirSync(directory)) {
    if (FILES.test(file) && !kept.includes(file)) rmSync(join(directory, file), { force: true });
  }
}
