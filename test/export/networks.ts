/** @file Every model, small and pruned by units, with numbers that leave constants other than zero behind. */
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { createModel } from '../../src/models/registry.ts';
import type { Model } from '../../src/models/types.ts';
import { createNumbers } from '../support/numbers.ts';

/** Settings and image shapes. Odd sides, padded on one side more than on the other; sums of stages; batch norm; standardisation. */
export const MODELS = {
  mlp: [{ name: 'mlp', widths: [40, 20] }, [8, 7, 3]],
  lenet: [{ name: 'lenet', filters: [6, 8], widths: [30], standardize: true, initialBias: 0.1 }, [17, 15, 3]],
  'lenet, first convolution too': [
    { name: 'lenet', filters: [6, 8], widths: [30], firstConvolution: 'prunable' },
    [16, 16, 1],
  ],
  resnet: [{ name: 'resnet', filters: [8, 8, 16, 24], units: 2 }, [16, 16, 3]],
  'resnet without its first activation': [
    { name: 'resnet', filters: [8, 8, 16], units: 2, firstActivation: false },
    [9, 12, 3],
  ],
  'wide-resnet': [{ name: 'wide-resnet', depth: 16, width: 1 }, [11, 16, 3]],
  // As of WRN-28-10, the shortcut of the first stage has a convolution, too.
  'wide-resnet with more filters': [{ name: 'wide-resnet', depth: 10, width: 2 }, [8, 8, 3]],
  vgg: [{ name: 'vgg', filters: [8, 8, 12, 12, 16], widths: [20, 24] }, [32, 32, 3]],
} as const satisfies Readonly<Record<string, readonly [object, readonly [number, number, number]]>>;

export type ModelName = keyof typeof MODELS;

export function createSmallModel(name: ModelName): Model {
  const [settings, shape] = MODELS[name];
  return createModel(runSettingsSchema.parse({ model: settings }).model, shape, 10);
}

/** Numbers that keep the signal alive through many layers; biases, shifts and averages are far from zero. */
export function randomNumbers({ parameters }: Model, seed = 5): NamedArrays {
  const numbers = createNumbers(seed);
  return Object.fromEntries(
    parameters.map(({ name, shape, role }) => {
      const drawn = numbers.normal(sizeOf(shape));
      if (role === 'kernel') return [name, drawn.map((x) => x * Math.sqrt(2 / sizeOf(shape.slice(0, -1))))];
      if (name.endsWith('/variance')) return [name, drawn.map((x) => 0.5 + Math.abs(x))];
      return [name, drawn.map((x) => (role === 'scale' ? 1 : 0) + 0.3 * x)];
    }),
  );
}

/** The same numbers with a share of the columns of each prunable kernel at zero. */
export function withoutUnits(model: Model, parameters: NamedArrays, share: number): NamedArrays {
  const numbers = createNumbers(11);
  const pruned = model.prunable.map(({ name, shape }) => {
    const columns = shape.at(-1) ?? 1;
    const isGone = numbers.uniform(columns).map((drawn) => Number(drawn < share));
    const kernel = parameters[name] as Float32Array;
    return [name, kernel.map((entry, index) => (isGone[index % columns] === 1 ? 0 : entry))];
  });
  return { ...parameters, ...Object.fromEntries(pruned) };
}

/** `[count, height, width, channels]` */
export function randomImages({ inputShape }: Model, count: number): Float32Array {
  return createNumbers(3).normal(count * sizeOf(inputShape));
}
