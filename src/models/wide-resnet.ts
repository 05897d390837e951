/** @file Wide ResNet (Zagoruyko & Komodakis 2016); WRN-28-10 with the default depth and width. */
import { z } from 'zod';
import { countTo, name } from '../settings/values.ts';
import { defineModel } from './definition.ts';
import { createResidualNetwork } from './residual.ts';
import { batchNorm, initializers } from './settings.ts';

/** Filters of the first convolution, and of the three stages at width 1 (their table 1). */
const [FIRST_FILTERS, STAGE_FILTERS] = [16, [16, 32, 64]] as const;
/** The depth counts two convolutions in each unit of the three stages, the first convolution, and a shortcut in each stage. */
const [DEPTH_OF_UNITS, OTHER_DEPTH] = [6, 4] as const;

const depth = countTo(1000)
  .refine((value) => value > OTHER_DEPTH && (value - OTHER_DEPTH) % DEPTH_OF_UNITS === 0, {
    error: 'expected 4 more than a multiple of 6, such as 10, 16, 22, 28 or 40',
  })
  .default(28);

/**
 * WRN-depth-width: a 3×3 first convolution of 16 filters and three stages of (depth − 4) / 6 pre-activation units with
 * 16, 32 and 64 times `width` filters. A shortcut has a 1×1 convolution where its input and output differ in shape.
 */
export const wideResnet = defineModel({
  name: 'wide-resnet',
  summary: 'Wide ResNet of a depth and a width; WRN-28-10 by default',
  settings: z.strictObject({
    name: name('wide-resnet'),
    /** Number of convolutions, the shortcuts' included: 6 for each unit of a stage, and 4. */
    depth,
    /** Factor of the filters of the stages. */
    width: countTo(1000).default(10),
    batchNorm,
    initializer: initializers.default('glorotNormal'),
  }),
  published: [
    {
      name: 'wide-resnet',
      dataset: 'cifar10',
      title: 'Wide ResNet',
      settings: {},
      unknown:
        "The depth, the width and the training of the paper's Wide ResNet are not known to us. Its 92.21 of plain training " +
        'lies below the 96.00 that Zagoruyko and Komodakis report for WRN-28-10.',
    },
  ],
  describe: ({ depth, width }) => `wide-resnet ${depth}-${width}`,
  create({ depth, width, initializer, batchNorm }, imageShape, classes) {
    const network = {
      firstFilters: FIRST_FILTERS,
      firstFilterSize: 3,
      stageFilters: STAGE_FILTERS.map((filters) => filters * width),
      units: (depth - OTHER_DEPTH) / DEPTH_OF_UNITS,
      convolvesEveryShortcut: false,
      activatesInputs: true,
      initializer: { kind: initializer },
      batchNorm,
    };
    return createResidualNetwork(network, imageShape, classes);
  },
});
