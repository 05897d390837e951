/** @file Settings that all data sets have: which images, how many, and how a network is shown them. */
import { z } from 'zod';
import { count } from '../settings/values.ts';

/** Keys under `dataset:` beside `name` and those of a data set's own. */
export const commonSettings = {
  /**
   * The user's own files in place of the built-in source, relative to the experiment file, or to the working folder if given
   * by --set.
   */
  path: z.string().min(1).optional(),
  /** SHA-256 of the images and labels under that path: td writes it into config.yaml, and refuses others. */
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 of 64 hexadecimal digits')
    .optional(),
  /** Use the first n images only. */
  trainImages: count.optional(),
  testImages: count.optional(),
  /** Training images to hold out, a number or a share of those that `trainImages` leaves; which ones depends on the seed. */
  validation: z
    .union([count, z.number().gt(0).lt(1)])
    .describe('a whole number of training images, or a share of them between 0 and 1')
    .optional(),
  /** In training: pad by 4 zeros, crop at random, flip half of the images. */
  augmentation: z.enum(['none', 'crop-flip']).default('none'),
  /** Bytes to [0, 1], or each image (cropped and flipped) to mean 0 and standard deviation 1. */
  normalization: z.enum(['scale', 'standardize']).default('scale'),
};

/** What the settings of every data set have. */
export type CommonSettings = { readonly name: string } & z.output<z.ZodObject<typeof commonSettings>>;

/** Settings of a data set that has none of its own. */
export function plainSettings<const Name extends string>(name: Name) {
  return z.strictObject({ name: z.literal(name), ...commonSettings });
}
