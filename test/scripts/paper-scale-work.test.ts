/** @file The estimate of the paper's tables on a card counts what a step computes. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWork, multiplyAdds } from '../../scripts/paper-scale/work.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { createModel } from '../../src/models/registry.ts';

it('counts the multiply-adds of an image in the prunable layers', () => {
  const { model } = runSettingsSchema.parse({ model: { name: 'lenet', filters: [20, 50], widths: [500] } });
  // Second convolution: 5 × 5 × 20 × 50 weights at 8 × 8 places. Dense layer: 4 × 4 × 50 inputs, 500 outputs.
  const byHand = 5 * 5 * 20 * 50 * 8 * 8 + 4 * 4 * 50 * 500;
  expect(multiplyAdds(createModel(model, [28, 28, 1], 10))).toBe(byHand);
});

it('counts the work of the paper’s ResNet-32: 2 operations, 3 passes, 128 images, 256 epochs of 390 steps', async () => {
  const { flopsPerStep, kernelsPerStep, steps } = await describeWork(
    join(import.meta.dirname, '../../configs/cifar-resnet.yaml'),
  );
  expect(flopsPerStep / 1e9).toBeCloseTo(208, 0);
  expect(kernelsPerStep).toBeGreaterThan(500);
  expect(steps).toBe(256 * 390);
});
