/** @file Batches of images as floats, written into arrays that the caller keeps: no step allocates. */
import { permutation } from '../random/streams.ts';
import { cropAndFlip, DRAWS_PER_IMAGE } from './augmentation.ts';
import { createNormalizer, type Normalizer } from './normalization.ts';
import type { Split } from './types.ts';

const NO_DRAWS = new Float32Array(0);

/** The order in which an epoch takes the training images: `[count]`, another for each epoch and seed. */
export function epochOrder(seed: number, epoch: number, count: number): Uint32Array {
  return permutation({ seed, purpose: 'shuffle', index: epoch }, count);
}

/** The number of full batches in an epoch. Images that fill no batch are left out of it; the next epoch's order leaves out others. */
export function countTrainingBatches(count: number, batchSize: number): number {
  return Math.floor(count / batchSize);
}

/** Batches that cover every image, the last one perhaps in part. */
export function countEvaluationBatches(count: number, batchSize: number): number {
  return Math.ceil(count / batchSize);
}

/** Uniform numbers that the augmentation of a training batch takes. */
export function countDraws(split: Split, batchSize: number): number {
  return split.augmentation === undefined ? 0 : batchSize * DRAWS_PER_IMAGE;
}

/**
 * Writes the images `indices[start]`, `indices[start + 1]` … of a split, augmented and normalised as it says, and
 * their labels.
 *
 * @param indices numbers of images, for example an `epochOrder`
 * @param start where the batch begins in `indices`
 * @param images `[batch, height, width, channels]`, overwritten
 * @param labels `[batch]`, overwritten; its length is the batch size
 * @param draws uniform numbers on [0, 1), as many as `countDraws` says
 * @throws RangeError if `indices` ends before the batch is full, names an image that is not there, or `images` or
 *   `draws` is not as large as the batch needs
 */
export function fillBatch(
  split: Split,
  indices: Uint32Array,
  start: number,
  images: Float32Array,
  labels: Int32Array,
  draws: Float32Array = NO_DRAWS,
): void {
  requireLength(split, images, labels);
  const needed = countDraws(split, labels.length);
  if (draws.length !== needed)
    throw new RangeError(`draws holds ${draws.length} numbers, expected ${needed}`);
  requireBatch(indices, start, labels.length);
  for (let slot = 0; slot < labels.length; slot++)
    copyExample(split, indices[start + slot] as number, slot, images, labels, draws);
}

/**
 * Copies the bytes of the images `indices[start]`, `indices[start + 1]` … of a split, which are all that a batch of them needs.
 *
 * @param images `[batch, height, width, channels]`, overwritten
 * @returns the rest of a split that has these images in this order, and shows them as the other does
 * @throws RangeError as `fillBatch`
 */
export function gatherBatch(
  split: Split,
  indices: Uint32Array,
  start: number,
  images: Uint8Array,
): Omit<Split, 'images'> {
  const size = imageSize(split);
  const count = images.length / size;
  requireBatch(indices, start, count);
  const labels = new Uint16Array(count);
  for (let slot = 0; slot < count; slot++) {
    const own = placeOf(split, indices[start + slot] as number);
    images.set(split.images.subarray(own * size, (own + 1) * size), slot * size);
    labels[slot] = split.labels[own] ?? 0;
  }
  const { images: _, members: __, ...shown } = split;
  return { ...shown, count, labels };
}

/**
 * Writes the images `start`, `start + 1` … of a split in their own order, normalised but never augmented, for
 * evaluation. Slots after the last image are zero.
 *
 * @param valid `[batch]`, overwritten: 1 for a slot with an image, 0 for one without
 * @throws RangeError if `images` or `valid` does not hold a batch
 */
export function fillEvaluationBatch(
  split: Split,
  start: number,
  images: Float32Array,
  labels: Int32Array,
  valid: Float32Array,
): void {
  requireLength(split, images, labels);
  if (valid.length !== labels.length) {
    throw new RangeError(`valid holds ${valid.length} entries, expected ${labels.length}`);
  }
  const filled = Math.max(0, Math.min(labels.length, split.count - start));
  for (let slot = 0; slot < filled; slot++) {
    copyExample(split, start + slot, slot, images, labels, NO_DRAWS);
  }
  images.fill(0, filled * imageSize(split));
  labels.fill(0, filled);
  valid.fill(1, 0, filled).fill(0, filled);
}

/** @param draws of the whole batch; the image is augmented if there are any */
function copyExample(
  split: Split,
  index: number,
  slot: number,
  images: Float32Array,
  labels: Int32Array,
  draws: Float32Array,
): void {
  const size = imageSize(split);
  const { augmentation, normalization } = split;
  const own = placeOf(split, index);
  const source = own * size;
  const target = slot * size;
  const normalizer = normalizerOf(size);
  const { bytes } = normalizer;
  if (augmentation !== undefined && draws.length > 0)
    cropAndFlip(split.images, source, augmentation.imageShape, draws, slot * DRAWS_PER_IMAGE, bytes);
  else bytes.set(split.images.subarray(source, source + size));
  if (normalization === 'standardize') normalizer.standardize(images, target);
  else normalizer.scale(images, target);
  labels[slot] = split.labels[own] ?? 0;
}

let latest: (Normalizer & { readonly size: number }) | undefined;

/** Images of one size follow one another. */
function normalizerOf(size: number): Normalizer {
  if (latest?.size !== size) latest = { ...createNormalizer(size), size };
  return latest;
}

/** Where an image of a split stands among the images that it shares with others. */
function placeOf({ count, members }: Split, index: number): number {
  if (index >= count) throw new RangeError(`image ${index} is not among the ${count} of the split`);
  return members?.[index] ?? index;
}

function requireBatch(indices: Uint32Array, start: number, count: number): void {
  if (start + count > indices.length)
    throw new RangeError(`no full batch begins at ${start} of ${indices.length} indices`);
}

function imageSize(split: Split): number {
  return split.images.length / split.labels.length;
}

function requireLength(split: Split, images: Float32Array, labels: Int32Array): void {
  const expected = labels.length * imageSize(split);
  if (images.length !== expected) {
    throw new RangeError(
      `images holds ${images.length} numbers, expected ${expected} for ${labels.length} images`,
    );
  }
}
