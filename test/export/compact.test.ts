/** @file Compacted networks compute what the pruned ones compute, and are as small as they can be. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { compactNetwork } from '../../src/export/compact.ts';
import { foldBatchNorms } from '../../src/export/fold.ts';
import { encodeOnnx } from '../../src/export/formats/onnx.ts';
import { isLinear, type Network, sizeOfNetwork } from '../../src/export/network.ts';
import { readNetwork } from '../../src/export/read-network.ts';
import { ExportedSession, runOnImages } from '../../src/export/session.ts';
import { plainLayers } from '../../src/models/layers.ts';
import { models } from '../../src/models/registry.ts';
import type { Model } from '../../src/models/types.ts';
import { rowMeans } from '../models/row-means.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import {
  createSmallModel,
  MODELS,
  type ModelName,
  randomImages,
  randomNumbers,
  withoutUnits,
} from './networks.ts';

beforeAll(useCpuBackend);

const NAMES = Object.keys(MODELS) as ModelName[];
/** For td's own logits, by the engine that is the yardstick. */
const IMAGES = 20;
/** For those of the masked network in onnxruntime, which have been compared with td's. */
const MANY_IMAGES = 1000;

/** As td computes them. */
function ownLogits(
  model: Model,
  parameters: Readonly<Record<string, ArrayLike<number>>>,
  images: Float32Array,
) {
  const tensors = Object.fromEntries(
    model.parameters.map(({ name, shape }) => [
      name,
      tf.tensor(Float32Array.from(parameters[name] ?? []), [...shape]),
    ]),
  );
  const input = tf.tensor(images, [images.length / tf.util.sizeFromShape([...model.inputShape]), ...model.inputShape]); // biome-ignore format: one line
  return model.forward(input, plainLayers(tensors, false)).dataSync() as Float32Array;
}

async function exportedLogits(
  network: Network,
  model: Model,
  images: Float32Array,
  count: number,
): Promise<Float32Array> {
  const session = await ExportedSession.open(encodeOnnx(network, {}), 1);
  try {
    return await runOnImages(session, images, model.inputShape, count);
  } finally {
    await session.release();
  }
}

function expectSame(actual: Float32Array, expected: Float32Array): void {
  expect(actual).toHaveLength(expected.length);
  const largest = expected.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
  // Not all of them may be the same: a network that ignores its images would pass.
  expect(largest).toBeGreaterThan(0.1);
  for (const [index, logit] of expected.entries())
    expect(Math.abs((actual[index] ?? Number.NaN) - logit)).toBeLessThan(1e-5);
}

describe.each(NAMES)('the network %s', (name) => {
  const model = createSmallModel(name);
  const parameters = randomNumbers(model);
  const images = randomImages(model, IMAGES);

  it('has the logits of td as it is, with and without batch normalisation folded', async () => {
    const expected = ownLogits(model, parameters, images);
    const network = readNetwork(model, parameters);
    expectSame(await exportedLogits(network, model, images, IMAGES), expected);
    expectSame(await exportedLogits(foldBatchNorms(network), model, images, IMAGES), expected);
    expect(compactNetwork(network).layers.map(({ shape }) => shape)).toEqual(
      network.layers.map(({ shape }) => shape),
    );
  });

  it('keeps the logits of the masked network on 1,000 images to 1e-5', async () => {
    const pruned = withoutUnits(model, parameters, 0.6);
    const masked = readNetwork(model, pruned);
    const many = randomImages(model, MANY_IMAGES);
    const compact = foldBatchNorms(compactNetwork(masked));
    expect(sizeOfNetwork(compact).parameters).toBeLessThan(0.6 * sizeOfNetwork(masked).parameters);
    const [actual, expected] = [
      await exportedLogits(compact, model, many, MANY_IMAGES),
      await exportedLogits(masked, model, many, MANY_IMAGES),
    ];
    expect(expected).toHaveLength(MANY_IMAGES * model.classes);
    expectSame(actual, expected);
  });

  it.each([0.3, 0.8])('keeps its logits when %s of the units are taken out', async (share) => {
    const pruned = withoutUnits(model, parameters, share);
    const masked = readNetwork(model, pruned);
    const compact = foldBatchNorms(compactNetwork(masked));
    expectSame(await exportedLogits(compact, model, images, IMAGES), ownLogits(model, pruned, images));
    const [before, after] = [sizeOfNetwork(masked), sizeOfNetwork(compact)];
    // The numbers of what is left are fewer than the entries that are not zero: rows of the next layers go, too.
    expect(after.parameters).toBeLessThan(before.nonzero);
    expect(after.multiplyAdds).toBeLessThan(before.multiplyAdds);
    for (const layer of compact.layers.filter(isLinear)) expect(layer.kernel.length).toBeGreaterThan(0);
  });

  it('keeps its logits when every unit of every layer is gone', async () => {
    const pruned = withoutUnits(model, parameters, 1);
    const network = foldBatchNorms(compactNetwork(readNetwork(model, pruned)));
    const expected = ownLogits(model, pruned, images);
    const actual = await exportedLogits(network, model, images, IMAGES);
    for (const [index, logit] of expected.entries())
      expect(Math.abs((actual[index] ?? Number.NaN) - logit)).toBeLessThan(1e-5);
  });
});

it('are of every model that there is', () => {
  const small = Object.values(MODELS).map(([{ name }]) => name);
  expect([...new Set(small)].toSorted()).toEqual([...models].map(({ name }) => name).toSorted());
});

describe('a compacted network', () => {
  it('of dense layers has just the units that are left, and the bias of a removed one moves on', () => {
    const model = createSmallModel('mlp');
    const parameters = randomNumbers(model);
    const kernel = (parameters['dense1/kernel'] as Float32Array).slice();
    for (let index = 7; index < kernel.length; index += 40) kernel[index] = 0;
    const compact = compactNetwork(readNetwork(model, { ...parameters, 'dense1/kernel': kernel }));
    const layers = compact.layers.filter(isLinear);
    expect(layers.map(({ kernelShape }) => kernelShape)).toEqual([
      [168, 39],
      [39, 20],
      [20, 10],
    ]);
    const constant = Math.max(0, (parameters['dense1/bias'] as Float32Array)[7] ?? 0);
    const moved = (parameters['dense2/kernel'] as Float32Array)[7 * 20 + 3] ?? 0;
    const own = (parameters['dense2/bias'] as Float32Array)[3] ?? 0;
    expect(constant).toBeGreaterThan(0);
    expect(layers[1]?.bias?.[3]).toBeCloseTo(own + constant * moved, 6);
  });

  it('of a residual network scatters what it adds: a filter is computed only where it is left', () => {
    const model = createSmallModel('resnet');
    const compact = compactNetwork(readNetwork(model, withoutUnits(model, randomNumbers(model), 0.8)));
    const conv2 = compact.layers.find(({ name }) => name === 'stage3.unit2.conv2');
    const sum = compact.layers.find((layer) => layer.op === 'add' && layer.inputs.some(({ inputs }) => inputs[0] === conv2)); // biome-ignore format: one line
    expect(sum?.shape.at(-1)).toBeGreaterThan(conv2?.shape.at(-1) ?? Number.NaN);
  });
});

describe('a model of a user', () => {
  it('is exported where its operations have a layer, whichever axes it takes means over', async () => {
    const model = rowMeans.create({ name: 'row-means', units: 12 }, [6, 5, 3], 10);
    const pruned = withoutUnits(model, randomNumbers(model), 0.5);
    const images = randomImages(model, IMAGES);
    const network = compactNetwork(readNetwork(model, pruned));
    expectSame(await exportedLogits(network, model, images, IMAGES), ownLogits(model, pruned, images));
  });

  it('is refused in a sentence where they have none', () => {
    const plain = createSmallModel('mlp');
    const odd: Model = {
      ...plain,
      forward: (images, layers) => layers.tf.softplus(plain.forward(images, layers)),
    };
    expect(() => readNetwork(odd, randomNumbers(odd))).toThrow(
      'this model cannot be exported: it uses the operation Softplus in a way that exported files have no layer for',
    );
  });
});
