/** @file What is measured: every model with every method. */
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { methods } from '../../src/methods/registry.ts';

type Given = z.input<typeof runSettingsSchema>;
type Method = NonNullable<Given['regularizer']>;

export interface Workload {
  readonly model: string;
  readonly method: string;
  readonly settings: Given;
}

/** Few steps and two epochs: then a training has taken what it takes. */
const SCHEDULE = { epochs: 2, learningRate: 1e-3, gradientClip: 1, weightDecay: 1e-4 } as const;
const MNIST = { name: 'mnist', trainImages: 1024, testImages: 1000 } as const;
const CIFAR = { name: 'cifar10', trainImages: 512, testImages: 1000, augmentation: 'crop-flip' } as const;

/**
 * Networks at their default sizes, and one whose weights take more than the rest of the process. A WRN-28-10 would train for
 * hours: in its place stands one of less depth and width.
 */
export const MODELS: Readonly<Record<string, Given>> = {
  mlp: { model: { name: 'mlp' }, dataset: MNIST },
  'mlp-2000': { model: { name: 'mlp', widths: [2000, 2000] }, dataset: MNIST },
  lenet: { model: { name: 'lenet' }, dataset: MNIST },
  resnet: { model: { name: 'resnet' }, dataset: CIFAR },
  'wide-resnet-16-2': { model: { name: 'wide-resnet', depth: 16, width: 2 }, dataset: CIFAR },
  vgg: { model: { name: 'vgg' }, dataset: CIFAR },
};

export const METHODS: Readonly<Record<string, Method>> = Object.fromEntries(listMethods());

/** Every method, at both granularities where it has one, but those that go on from another run: they train as it does. */
function listMethods(): (readonly [string, Method])[] {
  const own = methods.names.filter((name) => methods.get(name).continues === undefined);
  return own.flatMap((name) => {
    const both = (['weight', 'unit'] as const).map((granularity) => ({ name, granularity }) as Method);
    const isKnown = (method: Method) => runSettingsSchema.safeParse({ regularizer: method }).success;
    if (!both.every(isKnown)) return [[name, { name } as Method] as const];
    return both.map(
      (method) => [`${name} ${(method as { granularity?: string }).granularity}`, method] as const,
    );
  });
}

export function listWorkloads(models: readonly string[], methods: readonly string[]): Workload[] {
  return models.flatMap((model) =>
    methods.map((method) => ({
      model,
      method,
      settings: { ...MODELS[model], regularizer: METHODS[method], schedule: SCHEDULE },
    })),
  );
}
