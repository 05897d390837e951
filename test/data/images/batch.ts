/** @file A split as a training is fed it. */
import { fillEvaluationBatch } from '../../../src/data/batches.ts';
import type { Split } from '../../../src/data/types.ts';

/** All images of a split in one batch. */
export function batchOf(split: Split): { readonly labels: number[] } {
  const labels = new Int32Array(split.count);
  const valid = new Float32Array(split.count);
  fillEvaluationBatch(split, 0, new Float32Array(split.images.length), labels, valid);
  return { labels: [...labels] };
}
