/** @file The paper's residual network; its ResNet-32 with the default sizes. */
import { z } from 'zod';
import { count, countTo, listOf, name } from '../settings/values.ts';
import { defineModel } from './definition.ts';
import { createResidualNetwork } from './residual.ts';
import { batchNorm, initializers } from './settings.ts';

/**
 * A pre-activation network with a 7×7 first convolution, and a 1×1 convolution on the shortcut of the first unit of every
 * stage. All convolutions but the first are prunable, those of the shortcuts included: only so do the paper's settings
 * give the 1,849,344 weights in 2,464 filters over which it counts sparsity.
 */
export const resnet = defineModel({
  name: 'resnet',
  summary: "pre-activation ResNet; the paper's ResNet-32 by default",
  settings: z.strictObject({
    name: name('resnet'),
    /** Filters of the first convolution, then of each stage. */
    filters: listOf(count, 2, 20).default([16, 32, 64, 128]),
    /** Residual units of each stage, of two convolutions each. */
    units: countTo(200).default(5),
    /** Batch normalisation and ReLU at the beginning of each unit; the network that the paper's code has for variational dropout lacks them. */
    firstActivation: z.boolean().default(true),
    batchNorm,
    initializer: initializers.default('glorotNormal'),
  }),
  published: [
    {
      name: 'resnet32-wide',
      dataset: 'cifar10',
      title: 'resnet 16-32-64-128, 5 units a stage',
      settings: { filters: [16, 32, 64, 128], units: 5, firstActivation: true },
      epochs: 256,
    },
  ],
  describe: ({ filters, units, firstActivation }) =>
    `resnet ${filters.join('-')}, ${units} ${units === 1 ? 'unit' : 'units'} a stage` +
    (firstActivation ? '' : ' without its first batch normalisation and ReLU'),
  create(
    { filters: [firstFilters = 0, ...stageFilters], units, firstActivation, initializer, batchNorm },
    imageShape,
    classes,
  ) {
    const network = {
      firstFilters,
      firstFilterSize: 7,
      stageFilters,
      units,
      convolvesEveryShortcut: true,
      activatesInputs: firstActivation,
      initializer: { kind: initializer },
      batchNorm,
    };
    return createResidualNetwork(network, imageShape, classes);
  },
});
