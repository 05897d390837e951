/** @file The validation split: training images that are held out, so that choices need no test images. */
import { UserError } from '../errors.ts';
import { permutation } from '../random/streams.ts';
import type { Dataset, Split } from './types.ts';

/**
 * How many training images `dataset.validation` holds out.
 *
 * @param validation a number of images, or a share below 1, rounded to a whole number of them; none if absent
 * @param trainImages of which they are taken
 * @throws UserError if that is no image, or every one
 */
export function countValidationImages(validation: number | undefined, trainImages: number): number {
  if (validation === undefined) return 0;
  const count = validation < 1 ? Math.round(validation * trainImages) : validation;
  if (count > 0 && count < trainImages) return count;
  const images = validation < 1 ? `, which is ${count} of them` : '';
  throw new UserError(
    `dataset.validation is ${validation}${images}, expected at least 1 and fewer than the ${trainImages} training images`,
  );
}

/**
 * Divides the training images: those that are held out are drawn by the seed, all sets of them equally likely, and so the
 * same whenever a run is resumed. Both splits keep the order of the data set and share its bytes.
 *
 * @throws as `countValidationImages`
 */
export function holdOut(dataset: Dataset, validation: number | undefined, seed: number): Dataset {
  const { train } = dataset;
  const count = countValidationImages(validation, train.count);
  if (count === 0) return dataset;
  const order = permutation({ seed, purpose: 'validation', index: 0 }, train.count);
  const { augmentation: _, ...unchanged } = train;
  return {
    ...dataset,
    train: choose(train, order.subarray(count)),
    validation: choose(unchanged, order.subarray(0, count)),
  };
}

function choose(split: Split, members: Uint32Array): Split {
  return { ...split, count: members.length, members: members.toSorted() };
}
