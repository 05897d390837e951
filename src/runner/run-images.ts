/** @file The images that a run was trained on, held against those at hand. */
import type { RunSpec } from '../config/experiment.ts';
import { requireImages } from '../data/fingerprint.ts';
import type { Dataset } from '../data/types.ts';
import { type CheckpointOwner, readCheckpointRecord } from '../runs/checkpoint.ts';
import { readEnvironment } from '../runs/environment.ts';
import { notedFingerprint, noteFingerprint, readTrainedData } from '../runs/run-settings.ts';

/**
 * Checks that a run that is done was trained on the images at hand. A run of an earlier version, which did not note their
 * fingerprint, gets it here.
 *
 * @throws UserError if a run that is done was trained on other images than those at hand
 */
export function requireTrainedImages(directory: string, run: RunSpec, { fingerprint }: Dataset): void {
  const { path, name } = run.settings.dataset;
  if (fingerprint === undefined) return;
  const owner = `${run.experiment}/${run.id} was trained on`;
  const images = { found: fingerprint, owner, directory };
  if (path === undefined) {
    // Published images are what their hashes say; those of a plugin may be others by now.
    requireImages({ ...images, expected: notedFingerprint(directory), path: name });
    return;
  }
  const { fingerprint: expected } = readTrainedData(directory);
  requireImages({ ...images, expected, path: run.imagesPath ?? path });
  noteFingerprint(directory, fingerprint);
}

/** What a checkpoint says of the run that it belongs to. */
export function ownerOf(
  { experiment, variant, seed, hash }: RunSpec,
  { fingerprint }: Dataset,
): CheckpointOwner {
  return {
    experiment,
    variant,
    seed,
    hash,
    ...(fingerprint !== undefined && { dataFingerprint: fingerprint }),
  };
}

/**
 * Checks that a run's checkpoint was made on the images at hand. That it is the run's own was checked before.
 *
 * @throws UserError if it was made on others
 */
export function requireResumableImages(directory: string, run: RunSpec, { fingerprint }: Dataset): void {
  const record = readCheckpointRecord(directory);
  if (record === undefined) return;
  const noted = readEnvironment(directory)?.dataFingerprint;
  const expected = record.run?.dataFingerprint ?? (typeof noted === 'string' ? noted : undefined);
  const { path, name } = run.settings.dataset;
  const owner = `${run.experiment}/${run.id} was begun on`;
  requireImages({ found: fingerprint, expected, path: run.imagesPath ?? path ?? name, owner, directory });
}
