/** @file A training that cannot fit the memory is refused before any of it is taken. */
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
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

  it('is named in a sentence if a container leaves less to the process, before anything is compiled', async () => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(200e3);
    onTestFinished(() => void vi.restoreAllMocks());
    const compile = () => Promise.reject(new Error('compiled'));
    const engine = { name: 'onnx', device: 'none', compile } as const;
    await expect(train({ settings: smallSettings(), seed: 0, dataset, engine })).rejects.toThrow(
      /^the training needs at least .+ GB of memory, and .+ GB are there; a smaller model or schedule.batchSize/,
    );
  });
});
