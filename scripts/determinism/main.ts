/** @file npm run determinism: how far apart a run ends on other threads, kernels and engines, as the page on it states. */
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { loadDataset } from '../../src/data/load.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import type { Engine } from '../../src/engines/types.ts';
import { printTable } from '../../src/terminal/output.ts';
import { distanceBetween, trainBriefly } from './measure.ts';

type Settings = z.input<typeof runSettingsSchema>;

const regularizer = { name: 'targeted', granularity: 'weight' } as const;
const mnist = { name: 'mnist', trainImages: 12_800 } as const;
const cifar = { name: 'cifar10', augmentation: 'crop-flip', normalization: 'standardize' } as const;
const resnet = { name: 'resnet', filters: [16, 16, 32] as [number, ...number[]], units: 1 } as const;
const schedule = { batchSize: 128, epochs: 2, learningRate: 0.05 };

/** Networks with targeted dropout; the short ones are what plain JavaScript does in a minute. */
const CASES: Readonly<Record<string, { readonly settings: Settings; readonly isShort: boolean }>> = {
  'LeNet-300-100, MNIST': {
    settings: { dataset: mnist, model: { name: 'mlp' }, regularizer, schedule },
    isShort: false,
  },
  'LeNet-5, MNIST': {
    settings: { dataset: mnist, model: { name: 'lenet' }, regularizer, schedule },
    isShort: false,
  },
  'ResNet 16-16-32, CIFAR-10': {
    settings: {
      dataset: { ...cifar, trainImages: 6400, testImages: 2000 },
      model: resnet,
      regularizer,
      schedule,
    },
    isShort: false,
  },
  'LeNet-300-100, MNIST, short': {
    settings: {
      dataset: { name: 'mnist', trainImages: 640, testImages: 200 },
      model: { name: 'mlp' },
      regularizer,
      schedule: { ...schedule, batchSize: 32, epochs: 1 },
    },
    isShort: true,
  },
  'LeNet-5, MNIST, short': {
    settings: {
      dataset: { name: 'mnist', trainImages: 160, testImages: 50 },
      model: { name: 'lenet' },
      regularizer,
      schedule: { ...schedule, batchSize: 32, epochs: 1 },
    },
    isShort: true,
  },
  'ResNet 16-16-32, CIFAR-10, short': {
    settings: {
      dataset: { ...cifar, trainImages: 32, testImages: 16 },
      model: resnet,
      regularizer,
      schedule: { ...schedule, batchSize: 16, epochs: 1 },
    },
    isShort: true,
  },
};

/** The compiler without onnxruntime's blocked layout, as on a machine that has none. */
async function createOnnxWithoutBlocks(): Promise<Engine> {
  process.env.TD_SKIP_PASSES = 'blocked-layout';
  try {
    return await createOnnxEngine({ threads: 1 });
  } finally {
    delete process.env.TD_SKIP_PASSES;
  }
}

const OTHERS: Readonly<Record<string, () => Promise<Engine>>> = {
  'the same again': () => createOnnxEngine({ threads: 1 }),
  '2 threads': () => createOnnxEngine({ threads: 2 }),
  'other kernels': createOnnxWithoutBlocks,
};

const rows: string[][] = [];
for (const [name, { settings: input, isShort }] of Object.entries(CASES)) {
  const settings = runSettingsSchema.parse(input);
  const dataset = await loadDataset(settings.dataset);
  const one = await trainBriefly(await createOnnxEngine({ threads: 1 }), settings, dataset);
  const others = isShort ? { reference: createReferenceEngine } : OTHERS;
  for (const [what, create] of Object.entries(others)) {
    const distance = distanceBetween(one, await trainBriefly(await create(), settings, dataset));
    const { state, loss, accuracy } = distance;
    const points = `${(100 * accuracy).toFixed(2)} points`;
    const cells = state === 0 ? ['0', '0', '0'] : [state.toExponential(1), loss.toExponential(1), points];
    const row = [name, String(one.steps), what, ...cells];
    process.stderr.write(`${row.join(', ')}\n`);
    rows.push(row);
  }
}
process.stdout.write('onnx on 1 thread, compared with:\n');
printTable(['network', 'steps', 'with', 'state', 'training loss', 'test accuracy'], rows);
