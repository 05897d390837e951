/** @file A made-up model: the example of docs/extending.md. */
import { z } from 'zod';
import { createClassifier } from '../../src/models/classifier.ts';
import { defineModel } from '../../src/models/definition.ts';
import { count, name } from '../../src/settings/values.ts';

/** The means of the image's rows, a hidden layer with ReLU, logits. */
export const rowMeans = defineModel({
  name: 'row-means',
  summary: 'a hidden layer on the means of the rows',
  settings: z.strictObject({ name: name('row-means'), units: count.default(12) }),
  describe: ({ units }) => `row-means of ${units}`,
  create({ units }, imageShape, classes) {
    const classifier = createClassifier(imageShape[0], [units], classes, { kind: 'glorotUniform' });
    return {
      ...classifier,
      inputShape: imageShape,
      classes,
      forward: (images, layers) => classifier.forward(layers.tf.mean(images, [2, 3]), layers),
    };
  },
});
