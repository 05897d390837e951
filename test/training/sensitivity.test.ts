/** @file How the loss depends on weights, against differences in double precision and the exact Hessian. */
import { describe, expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import type { Split } from '../../src/data/types.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import { at } from '../../src/lookup.ts';
import { createModel } from '../../src/models/registry.ts';
import { Curvature } from '../../src/training/curvature.ts';
import { SensitivityMeter } from '../../src/training/sensitivity.ts';
import { finiteDifferences } from '../support/finite-differences.ts';
import { type NaiveParameters, naiveClassifier, plainLinear } from '../support/naive-networks.ts';
import { createNumbers } from '../support/numbers.ts';

const [SIDE, CLASSES, IMAGES] = [3, 4, 200];
const PIXELS = SIDE * SIDE;
const numbers = createNumbers(7);
const train: Split = {
  count: IMAGES,
  images: Uint8Array.from(numbers.uniform(IMAGES * PIXELS), (value) => 256 * value),
  labels: Uint8Array.from(numbers.uniform(IMAGES), (value) => CLASSES * value),
};
const model = createModel({ name: 'mlp', widths: [5, 4], initializer: 'glorotUniform' }, [SIDE, SIDE, 1], CLASSES); // biome-ignore format: one line
const parameters: NamedArrays = Object.fromEntries(
  model.parameters.map(({ name, shape }) => [name, numbers.normal(sizeOf(shape))]),
);

/** Mean cross-entropy over all images. */
function lossOf(values: NaiveParameters): number {
  const pixels = Array.from(train.images, (byte) => byte / 255);
  const logits = naiveClassifier(pixels, PIXELS, 2, values, plainLinear(values));
  const losses = Array.from(train.labels, (label, image) => {
    const own = logits.slice(image * CLASSES, (image + 1) * CLASSES);
    return Math.log(own.reduce((sum, logit) => sum + Math.exp(logit), 0)) - at(own, label);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / IMAGES;
}

describe.each([
  ['reference', createReferenceEngine],
  ['onnx', () => createOnnxEngine({ threads: 1 })],
] as const)('the sensitivity on %s', (_, createEngine) => {
  it('has the gradient of the mean loss over all batches, and the products of its Hessian', async () => {
    const engine = await createEngine();
    const meter = await SensitivityMeter.create(engine, model, IMAGES);
    const found = await meter.measure(parameters, train, IMAGES, 0, true);
    const values = Object.fromEntries(
      Object.entries(parameters).map(([name, array]) => [name, Array.from(array)]),
    );
    const slopes = finiteDifferences(lossOf, values);
    const curvature = await Curvature.create(engine, model, train);
    const gradients = Object.fromEntries([...found].map(([name, { gradient }]) => [name, gradient]));
    const { product } = await curvature.along(parameters, gradients);
    for (const [name, own] of found) {
      const largest = Math.max(...Array.from(at([product[name] ?? []], 0), Math.abs));
      for (const [index, slope] of (slopes[name] ?? []).entries()) {
        expect(own.gradient[index]).toBeCloseTo(slope, 5);
        const exact = product[name]?.[index] ?? Number.NaN;
        // A difference of gradients in single precision, against the exact product.
        expect(Math.abs((own.product?.[index] ?? Number.NaN) - exact)).toBeLessThan(0.02 * largest);
      }
    }
    expect([...found.keys()]).toEqual(['dense1/kernel', 'dense2/kernel']);
    meter.dispose();
    curvature.dispose();
  });
});

describe('the squares of the sensitivity', () => {
  it('are means over batches: with one batch the square of w · ∂L/∂w, with several no less', async () => {
    const engine = await createOnnxEngine({ threads: 1 });
    const meter = await SensitivityMeter.create(engine, model, 100);
    const one = await meter.measure(parameters, train, 100, 0, false);
    const two = await meter.measure(parameters, train, 200, 0, false);
    for (const { name, shape } of model.prunable) {
      const weight = parameters[name] as Float32Array;
      const columns = at(shape, 1);
      const [single, both] = [one.get(name), two.get(name)];
      for (const [index, entry] of weight.entries()) {
        const products = [single, both].map((own) => entry * (own?.gradient[index] ?? Number.NaN));
        expect(single?.squaredEntries[index]).toBeCloseTo(at(products, 0) ** 2, 6);
        expect(both?.squaredEntries[index]).toBeGreaterThanOrEqual(at(products, 1) ** 2 - 1e-7);
      }
      for (let column = 0; column < columns; column++) {
        const sum = weight.reduce(
          (total, entry, index) =>
            index % columns === column ? total + entry * (single?.gradient[index] ?? Number.NaN) : total,
          0,
        );
        expect(single?.squaredColumns[column]).toBeCloseTo(sum ** 2, 5);
      }
    }
    meter.dispose();
  });

  it('are of the images of the split alone: a split that shares its bytes with others sees its members', async () => {
    const engine = await createOnnxEngine({ threads: 1 });
    const meter = await SensitivityMeter.create(engine, model, 50);
    const members = Uint32Array.from({ length: 50 }, (_, index) => 2 * index);
    const some: Split = { ...train, count: 50, members };
    const before = await meter.measure(parameters, some, 50, 0, false);
    const others = train.images.map((byte, index) =>
      members.includes(Math.floor(index / PIXELS)) ? byte : 255 - byte,
    );
    const after = await meter.measure(parameters, { ...some, images: others }, 50, 0, false);
    expect(after).toEqual(before);
    meter.dispose();
  });
});
