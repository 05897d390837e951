/** @file A training that cannot fit the memory is refused before any of it is taken. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/types.ts';
import { UserError } from '../../src/errors.ts';
import { requireMemory } from '../../src/training/memory.ts';
import { buildTrainingStep } from '../../src/training/step.ts';
import { planTraining, train } from '../../src/training/trainer.ts';
import { loadSmallMnist, smallSettings } from './small-mnist.ts';

let dataset: Dataset;
beforeAll(async () => {
  dataset = await loadSmallMnist(128, 100);
});

describe('the memory that a training needs at least', () => {
  it('is two copies of weights and momentum, and a batch', () => {
    const { setup } = planTraining(smallSettings({ model: { name: 'mlp', widths: [10] } }), dataset);
    const { signature } = buildTrainingStep(setup);
    const parameters = 784 * 10 + 10 + 10 * 10 + 10;
    // A batch of 64 images with labels, and the learning rate.
    const bytes = 4 * (2 * (2 * parameters) + 64 * 784 + 64 + 1);
    expect(() => requireMemory(signature, bytes)).not.toThrow();
    expect(() => requireMemory(signature, bytes - 1)).toThrow(UserError);
  });

  it('is named in a sentence if the machine has less, and none of it is taken', async () => {
    const settings = smallSettings({ model: { name: 'mlp', widths: [2_000_000, 2_000_000] } });
    const engine = {
      name: 'onnx',
      device: 'none',
      compile: () => Promise.reject(new Error('compiled')),
    } as const;
    const before = process.memoryUsage().arrayBuffers;
    await expect(train({ settings, seed: 0, dataset, engine })).rejects.toThrow(
      /^the training needs at least \d{5}\.\d GB of memory, and \d+\.\d GB are there; a smaller model or schedule/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
});
