/** @file What a plugin's model says of itself is looked at: a weight of another shape would be pruned along the wrong axis. */
import { expect, it } from 'vitest';
import { modelHeldToContract } from '../../src/models/held-to-contract.ts';
import { createModel, modelSchema } from '../../src/models/registry.ts';
import type { Model } from '../../src/models/types.ts';

const SHAPE = [28, 28, 1] as const;
const mlp = createModel(modelSchema().parse({ name: 'mlp', widths: [12] }), SHAPE, 10);
const lenet = createModel(modelSchema().parse({ name: 'lenet' }), SHAPE, 10);
const hold = (model: Model) => modelHeldToContract(model, SHAPE, 10, 'plugin m.ts, model "mine"');

/** With its first prunable weight changed. */
const prunableOf = (model: Model, change: object): Model => ({
  ...model,
  prunable: model.prunable.map((weight, index) => (index === 0 ? { ...weight, ...change } : weight)),
});

it('td’s own models keep to the contract', () => {
  for (const model of [mlp, lenet]) expect(hold(model)).toBe(model);
});

it.each<[string, Model, string]>([
  ['other images', { ...mlp, inputShape: [28, 28, 3] }, 'inputShape is [28, 28, 3], expected that of the images, [28, 28, 1]'],
  ['other classes', { ...mlp, classes: 5 }, 'classes is 5, expected the 10 of the data set'],
  ['a name twice', { ...mlp, parameters: [...mlp.parameters, ...mlp.parameters.slice(0, 1)] }, 'two parameters are named "dense1/kernel", expected each once'],
  ['a bias that is prunable', prunableOf(mlp, { name: 'dense1/bias' }), '"dense1/bias" is prunable and no kernel, expected one of: dense1/kernel, logits/kernel'],
  ['a transposed shape', prunableOf(mlp, { shape: [12, 784] }), 'the prunable weight "dense1/kernel" is [12, 784], but the kernel [784, 12], expected the same'],
  ['an output of other units', prunableOf(mlp, { outputShape: [10] }), 'outputShape of "dense1/kernel" is [10], expected [12]'],
  ['an output with the batch', prunableOf(lenet, { outputShape: [128, 8, 8, 50] }), 'outputShape of "conv2/kernel" is [128, 8, 8, 50], expected [height, width, 50]'],
])('is refused: %s', (_, model, said) => {
  expect(() => hold(model)).toThrow(`plugin m.ts, model "mine": ${said}`);
}); // biome-ignore format: a table
