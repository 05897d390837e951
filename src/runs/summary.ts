/** @file The summary of a finished run. It is written last: its presence means that the run is done. */
import { join } from 'node:path';
import { z } from 'zod';
import { jsonNumber, readJson, writeJson } from '../files/json.ts';
import { RUN_FILES } from './directory.ts';
import { count, digest, hash } from './record-fields.ts';

/** The network that a run goes on from. */
export const parentSchema = z.object({
  /** `<variant>/seed-<n>-<hash8>` */
  id: z.string(),
  /** SHA-256 of the file that held it. */
  checkpointSha256: digest,
});

export type ParentRecord = z.output<typeof parentSchema>;

const summarySchema = z.object({
  experiment: z.string(),
  variant: z.string(),
  seed: count,
  /** `<variant>/seed-<n>-<hash8>` */
  id: z.string(),
  /** Hash of the resolved settings. */
  hash,
  /** Of a run that goes on from another. */
  parent: parentSchema.optional(),
  engine: z.string(),
  device: z.string(),
  epochs: count,
  steps: count,
  /** Whose network counts, if it is that of the best validation accuracy and not the last. */
  bestEpoch: count.optional(),
  /** Share of test images classified correctly after the last epoch or `bestEpoch`, nothing pruned, 0 to 1. */
  testAccuracy: z.number().min(0).max(1),
  /** Mean cross-entropy over the test images after that epoch, in nats. */
  testLoss: jsonNumber,
  /** The same of the validation images, if the run has any. */
  validationAccuracy: z.number().min(0).max(1).optional(),
  validationLoss: jsonNumber.optional(),
  /** Wall-clock time of training and its evaluations, over all sessions. */
  trainSeconds: z.number().nonnegative(),
  /** Training images per second of wall-clock time. */
  imagesPerSecond: z.number().nonnegative(),
  /** Trained numbers of the model. */
  parameters: count,
  /** The images that it was trained and tested on; earlier versions did not say. */
  data: z
    .object({
      fingerprint: digest.optional(),
      /** `[height, width, channels]` */
      imageShape: z.tuple([count, count, count]),
      classes: count,
      /** By label, of images in folders of their classes. */
      classNames: z.array(z.string()).optional(),
      /** That it was trained on. */
      trainImages: count,
      /** Held out of the training images. */
      validationImages: count.optional(),
      testImages: count,
    })
    .optional(),
  /** ISO 8601, UTC. */
  finishedAt: z.iso.datetime(),
  /** SHA-256 of checkpoint.safetensors, or of the file of the best epoch. */
  checkpointSha256: digest,
});

/** What is left to say of a run that is done. */
export type Summary = z.output<typeof summarySchema>;

export function writeSummary(directory: string, summary: Summary): void {
  writeJson(join(directory, RUN_FILES.summary), summary);
}

/**
 * @returns nothing if the run is not done
 * @throws UserError naming the file if it is not a summary
 */
export function readSummary(directory: string): Summary | undefined {
  return readJson(join(directory, RUN_FILES.summary), summarySchema);
}
