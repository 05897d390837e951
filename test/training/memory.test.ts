/** @file What a training takes is estimated before it begins, and a training that cannot fit is refused. */
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { measureMemory } from '../../scripts/memory/process.ts';
import { listWorkloads, METHODS, type Workload } from '../../scripts/memory/workloads.ts';
import { GraphBuilder } from '../../src/compiler/graph.ts';
import { peakBytes } from '../../src/compiler/liveness.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { blankDataset } from '../../src/data/load.ts';
import type { Dataset } from '../../src/data/types.ts';
import { UserError } from '../../src/errors.ts';
import { ACCURACY, estimateMemory, judgeMemory, requireMemory } from '../../src/training/memory.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import { train } from '../../src/training/train.ts';
import { readAll } from '../support/streams.ts';
import { loadSmallMnist, smallSettings } from './small-mnist.ts';

const ONNX = { name: 'onnx', device: 'CPU, 1 thread' } as const;

describe('peakBytes', () => {
  it('counts each value from the operation that makes it to the last that reads it', () => {
    const builder = new GraphBuilder();
    const input = builder.input([1000], 'float32');
    const wide = builder.emit('Tile', [input], { shape: [5, 1000] });
    const mask = builder.emit('Greater', [wide, input], { shape: [5, 1000], type: 'bool' });
    const sum = builder.emit('Sum', [mask], { shape: [1000] });
    const last = builder.emit('Add', [sum, input], { shape: [1000] });
    const graph = { inputs: [], operations: builder.operations, outputs: [{ name: 'last', value: last }] };
    // 20,000 bytes of numbers and 5,000 of booleans live together; the numbers are gone when the sum is made.
    expect(peakBytes(graph)).toBe(25_000);
  });
});

describe('the estimate of what a training takes', () => {
  const small: Workload = {
    model: 'small resnet',
    method: 'targeted weight',
    settings: {
      dataset: { name: 'cifar10', trainImages: 512, testImages: 1000 },
      model: { name: 'resnet', filters: [16, 32, 64], units: 1 },
      regularizer: { name: 'targeted', granularity: 'weight' },
      schedule: { epochs: 2, learningRate: 1e-3 },
    },
  };

  // The smallest, and those of which weights, noise, gradients and activations take most.
  it
    .skipIf(process.platform === 'win32')
    .each([
      ...listWorkloads(['lenet'], ['none']),
      ...listWorkloads(['mlp-2000'], ['none', 'variational weight', 'smallify weight']),
      small,
    ])('is within a quarter of it: $model, $method', async ({ settings }) => {
    const { peak, estimate } = await measureMemory(settings, 1);
    expect(estimate / peak).toBeGreaterThan(1 / ACCURACY);
    expect(estimate / peak).toBeLessThan(ACCURACY);
  });

  it.each(listWorkloads(['mlp'], Object.keys(METHODS)))('can be measured: $method', async ({ settings }) => {
    const parsed = runSettingsSchema.parse(settings);
    const training = await prepareTraining({ settings: parsed, seed: 0 }, blankDataset(parsed.dataset));
    expect(estimateMemory(training, ONNX)).toBeGreaterThan(100e6);
  });

  it('is made once for all seeds, and only for the engine that it was measured with', async () => {
    const settings = runSettingsSchema.parse({ model: { name: 'mlp', widths: [10] } });
    const dataset = blankDataset(settings.dataset);
    const training = await prepareTraining({ settings, seed: 0 }, dataset);
    const other = await prepareTraining({ settings: structuredClone(settings), seed: 1 }, dataset);
    const estimate = estimateMemory(training, ONNX);
    expect(estimate).toBeGreaterThan(100e6);
    // A step is not traced anew for another seed.
    const untraced = { ...other, step: () => expect.fail('traced again') };
    expect(estimateMemory(untraced, ONNX)).toBe(estimate);
    expect(estimateMemory(training, { ...ONNX, name: 'reference' })).toBeUndefined();
  });

  it('judges that a training fits, does not, or may not within its accuracy', () => {
    expect(judgeMemory(1e9, 1.3e9)).toBe('fits');
    expect(judgeMemory(1e9, 1.2e9)).toBe('may exceed');
    expect(judgeMemory(1e9, 0.81e9)).toBe('may exceed');
    expect(judgeMemory(1e9, 0.79e9)).toBe('exceeds');
    expect(() => requireMemory(1e9, 0.81e9)).not.toThrow();
    expect(() => requireMemory(6.44e9, 3e9)).toThrow(UserError);
    expect(() => requireMemory(6.44e9, 3e9)).toThrow(
      /^the training needs about 6\.4 GB of memory, and 3\.0 GB are there; a smaller model or schedule\.batchSize would need less$/,
    );
  });
});

describe('a training that cannot fit', () => {
  let dataset: Dataset;
  beforeAll(async () => {
    dataset = await loadSmallMnist(128, 100);
  });
  const compile = () => Promise.reject(new Error('compiled'));
  const engine = { ...ONNX, compile };

  it('is refused if a container leaves less to the process, before anything is compiled', async () => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(200e3);
    onTestFinished(() => void vi.restoreAllMocks());
    const training = await prepareTraining({ settings: smallSettings(), seed: 0 }, dataset);
    const refused = readAll(train(training, { engine }));
    await expect(refused).rejects.toThrow(
      /^the training needs about .+ GB of memory, and .+ GB are there; a smaller model or schedule.batchSize/,
    );
  });

  it('is refused with all others if its state is larger than a checkpoint can be', async () => {
    const settings = smallSettings({ model: { name: 'mlp', widths: [16_400, 16_400] } });
    await expect(prepareTraining({ settings, seed: 0 }, dataset)).rejects.toThrow(
      /^weights and optimizer take 2\.3 GB, expected at most 2\.1 GB, which a checkpoint can hold/,
    );
  });
});
