/** @file Fingerprints of images: hashes of their content, wherever and under whatever name they lie. */
import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import type { StartStage } from '../progress.ts';
import { beginPassage } from './large.ts';
import type { Dataset } from './types.ts';

/** Bytes that are hashed between two looks at how far it is. */
const PIECE = 2 ** 24;

/**
 * SHA-256 in hex of the decoded images and labels of both splits, with their shapes and the number of classes: the same for
 * the same images, plain or packed, in a folder or an archive.
 *
 * @param dataset whole: what a run uses of it is a matter of its settings
 */
export function fingerprintOf(
  { imageShape, classes, train, test }: Dataset,
  startStage?: StartStage,
): string {
  const form = { imageShape, classes, train: train.count, test: test.count };
  const hash = createHash('sha256').update(`${JSON.stringify(form)}\n`);
  const passage = beginPassage('hashing the images', train.images.length + test.images.length, startStage);
  for (const { images, labels } of [train, test]) {
    for (let start = 0; start < images.length; start += PIECE) {
      const piece = images.subarray(start, start + PIECE);
      hash.update(piece);
      passage.add(piece.length);
    }
    hash.update(labels);
  }
  passage.stop();
  return hash.digest('hex');
}

/** As many digits as people compare. */
export function shortFingerprint(fingerprint: string): string {
  return fingerprint.slice(0, 12);
}

/** Images that are there, and those that a run or setting expects. */
export interface ComparedImages {
  /** Fingerprint of the images that are there; nothing if it is not known. */
  readonly found: string | undefined;
  /** Fingerprint of those that are expected; nothing if it is not known. */
  readonly expected: string | undefined;
  /** Where the images are. */
  readonly path: string;
  /** Who expects them: `few/none/seed-0-1a2b3c4d was trained on`. */
  readonly owner: string;
  /** Folder of the run that was trained on the others. */
  readonly directory?: string;
}

/** @returns a sentence that names both if they are not the same */
export function describeOtherImages(images: ComparedImages): string | undefined {
  const { found, expected, path, owner, directory } = images;
  if (found === undefined || expected === undefined || found === expected) return undefined;
  const otherwise = `${directory === undefined ? '' : `move ${directory} out of the results and `}train on these with "td run"`;
  return (
    `the images in ${path} are others (fingerprint ${shortFingerprint(found)}) than those that ${owner} ` +
    `(${shortFingerprint(expected)}); bring those back, or ${otherwise}`
  );
}

/** @throws UserError naming both if they are not the same */
export function requireImages(images: ComparedImages): void {
  const problem = describeOtherImages(images);
  if (problem !== undefined) throw new UserError(problem);
}
