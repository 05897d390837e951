/** @file Evaluation against plain loops: accuracy and loss of every image, whatever the batches. */

import { describe, expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import type { Split } from '../../src/data/types.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import { createModel } from '../../src/models/registry.ts';
import { Evaluator } from '../../src/training/evaluator.ts';
import { naiveClassifier, plainLinear } from '../support/naive-networks.ts';
import { createNumbers } from '../support/numbers.ts';

const [SIDE, CLASSES, IMAGES] = [4, 3, 23];
const model = createModel(
  { name: 'mlp', widths: [6, 5], initializer: 'glorotUniform' },
  [SIDE, SIDE, 1],
  CLASSES,
);

const numbers = createNumbers(5);
const split: Split = {
  count: IMAGES,
  images: Uint8Array.from(numbers.uniform(IMAGES * SIDE * SIDE), (value) => 256 * value),
  labels: Uint8Array.from(numbers.uniform(IMAGES), (value) => CLASSES * value),
};

function randomParameters(): NamedArrays {
  return Object.fromEntries(model.parameters.map(({ name, shape }) => [name, numbers.normal(sizeOf(shape))]));
}

/** Softmax cross-entropy and the first largest logit, image by image, in double precision. */
function evaluateNaively(parameters: NamedArrays): { accuracy: number; loss: number } {
  const asNumbers = Object.fromEntries(Object.entries(parameters).map(([name, array]) => [name, [...array]]));
  const pixels = Array.from(split.images, (byte) => byte / 255);
  const logits = naiveClassifier(pixels, SIDE * SIDE, 2, asNumbers, plainLinear(asNumbers));
  let [correct, loss] = [0, 0];
  for (const [image, label] of split.labels.entries()) {
    const row = logits.slice(image * CLASSES, (image + 1) * CLASSES);
    const normalizer = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
    loss += (normalizer - (row[label] ?? Number.NaN)) / IMAGES;
    if (row.indexOf(Math.max(...row)) === label) correct++;
  }
  return { accuracy: correct / IMAGES, loss };
}

describe.each([
  ['reference', createReferenceEngine],
  ['onnx', createOnnxEngine],
])('an evaluation on the engine %s', (_name, createEngine) => {
  // 23 images are one batch, a last batch of 2, of 1, and one batch of an evaluator that would take more.
  it.each([23, 7, 11, 500])('counts every image once in batches of %d', async (batchSize) => {
    const evaluator = await Evaluator.create(await createEngine(), model, split, batchSize);
    for (const parameters of [randomParameters(), randomParameters()]) {
      const expected = evaluateNaively(parameters);
      const { accuracy, loss, count } = await evaluator.evaluate(parameters);
      expect({ accuracy, count }).toEqual({ accuracy: expected.accuracy, count: IMAGES });
      expect(loss).toBeCloseTo(expected.loss, 5);
    }
    evaluator.dispose();
  });
});
