/** @file Multi-layer perceptron; LeNet-300-100 with its default widths. */
import { z } from 'zod';
import { name } from '../settings/values.ts';
import { createClassifier } from './classifier.ts';
import { defineModel } from './definition.ts';
import { initializer, widths } from './settings.ts';

/**
 * Dense layers `dense1` … `denseN` with ReLU, then `logits`, on flattened images.
 * All hidden kernels are prunable: there is no first convolution to exempt.
 */
export const mlp = defineModel({
  name: 'mlp',
  summary: 'dense layers with ReLU; LeNet-300-100 by default',
  settings: z.strictObject({
    name: name('mlp'),
    /** Units of each hidden layer. */
    widths: widths.default([300, 100]),
    initializer,
  }),
  describe: (settings) => `mlp ${settings.widths.join('-')}`,
  create(settings, imageShape, classes) {
    const [height, width, channels] = imageShape;
    const classifier = createClassifier(height * width * channels, settings.widths, classes, {
      kind: settings.initializer,
    });
    return { inputShape: imageShape, classes, ...classifier };
  },
});
