/** @file Whole trainings of small networks with batch normalisation: both engines agree, learn, and evaluate by averages. */

import { describe, expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import type { Engine } from '../../src/engines/types.ts';
import { createModel } from '../../src/models/registry.ts';
import type { Model } from '../../src/models/types.ts';
import { Progress } from '../../src/settings/training-time.ts';
import { buildEvaluationStep } from '../../src/training/evaluator.ts';
import { initialState } from '../../src/training/initial-state.ts';
import { buildTrainingStep } from '../../src/training/step.ts';
import { runOnce } from '../support/engines.ts';
import { createMethod, type MethodInput } from '../support/methods.ts';
import { drawNoise } from '../support/noise.ts';
import { createNumbers } from '../support/numbers.ts';

const [onnx, reference] = [await createOnnxEngine({ threads: 1 }), await createReferenceEngine()];

const CLASSES = 3;
/** `bound`: largest difference between the engines, of a loss or of an array relative to its largest element. */
const networks = {
  resnet: {
    settings: { name: 'resnet', filters: [4, 4, 8, 8], units: 1 },
    imageShape: [8, 8, 3],
    batch: 4,
    epsilon: 1e-3,
    bound: 2e-5,
  },
  // Its last groups normalise few pixels many times in a row: with a small epsilon rounding errors would grow.
  vgg: {
    settings: { name: 'vgg', filters: [3, 4, 5, 6, 6], widths: [8, 7], denseRelu: true },
    imageShape: [16, 16, 3],
    batch: 6,
    epsilon: 0.1,
    bound: 1e-4,
  },
} as const;
type Network = keyof typeof networks;

const methods = {
  none: { name: 'none' },
  'targeted dropout of weights': { name: 'targeted', granularity: 'weight' },
  'targeted dropout of units': { name: 'targeted', granularity: 'unit' },
} as const;

function setUp(network: Network, regularizer: MethodInput, { momentum = 0.997, learningRate = 0.05 } = {}) {
  const { settings, imageShape, batch, epsilon } = networks[network];
  const parsed = runSettingsSchema.parse({
    model: { ...settings, batchNorm: { momentum, epsilon } },
    regularizer,
    schedule: { batchSize: batch, learningRate, weightDecay: 2e-4, gradientClip: 1 },
  });
  const setup = {
    model: createModel(parsed.model, imageShape, CLASSES),
    regularizer: createMethod(regularizer),
    schedule: parsed.schedule,
  };
  const compiled = buildTrainingStep(setup);
  const state = initialState({ ...setup, signature: compiled.signature, seed: 1 });
  const batchFeeds = {
    images: createNumbers(2).normal(sizeOf([batch, ...imageShape])),
    labels: Int32Array.from({ length: batch }, (_, index) => index % CLASSES),
  };
  /** The same batch at each step, with the noise of that step. */
  const feedsOf = (step: number): NamedArrays => {
    const noise = Object.entries(compiled.noise).map(([name, specification], index) => [
      name,
      drawNoise(specification, createNumbers(1000 * step + index), new Progress(step, 10)),
    ]);
    return { ...batchFeeds, learningRate: Float32Array.of(learningRate), ...Object.fromEntries(noise) };
  };
  return { setup, compiled, state, feedsOf, batchFeeds };
}

async function train(engine: Engine, { compiled, state, feedsOf }: ReturnType<typeof setUp>, steps: number) {
  const program = await engine.compile(compiled.step, compiled.signature);
  await program.writeState(state);
  const losses = new Float32Array(steps);
  for (let step = 0; step < steps; step++) {
    const { loss } = await program.run(feedsOf(step));
    losses[step] = Number(loss?.[0]);
  }
  const trained = await program.readState();
  program.dispose();
  return { losses, state: trained };
}

async function evaluate(
  model: Model,
  state: NamedArrays,
  { images, labels }: Record<'images' | 'labels', NamedArrays[string]>,
) {
  const { step, signature } = buildEvaluationStep(model, labels.length);
  const parameters = Object.fromEntries(
    model.parameters.map(({ name }) => [name, state[name] as Float32Array]),
  );
  const feeds = { images, labels, valid: new Float32Array(labels.length).fill(1) };
  const { fetches } = await runOnce(onnx, step, signature, { state: parameters, feeds });
  return {
    accuracy: Number(fetches.correct?.[0]) / labels.length,
    loss: Number(fetches.loss?.[0]) / labels.length,
  };
}

/**
 * Largest difference between arrays of the same name, relative to the largest element of each. Arrays of almost nothing
 * are held to less: a shift that the next normalisation takes away has a gradient of rounding errors alone.
 */
function relativeDifference(actual: NamedArrays, expected: NamedArrays): number {
  const differences = Object.entries(expected).map(([name, data]) => {
    const scale = Math.max(...data.map(Math.abs), 1e-3);
    return Math.max(...data.map((value, index) => Math.abs(value - Number(actual[name]?.[index])))) / scale;
  });
  return Math.max(...differences);
}

describe.each(Object.keys(networks) as Network[])('training of a small %s', (network) => {
  it.each(Object.entries(methods))('is the same on both engines with %s', async (_, method) => {
    const training = setUp(network, method);
    const expected = await train(reference, training, 3);
    const actual = await train(onnx, training, 3);
    const { bound } = networks[network];
    expect(relativeDifference({ losses: actual.losses }, { losses: expected.losses })).toBeLessThan(bound);
    expect(relativeDifference(actual.state, expected.state)).toBeLessThan(bound);
    for (const { name } of training.setup.model.parameters) {
      expect(actual.state[name], name).not.toEqual(training.state[name]);
    }
  });

  it('learns one batch by heart, and evaluates it by its moving averages', async () => {
    const training = setUp(network, { name: 'none' }, { momentum: 0.5 });
    const { model } = training.setup;
    const { losses, state } = await train(onnx, training, 60);
    expect(losses[0]).toBeGreaterThan(0.7);
    expect(losses.at(-1)).toBeLessThan(0.05);
    const evaluated = await evaluate(model, state, training.batchFeeds);
    expect(evaluated.accuracy).toBe(1);
    expect(evaluated.loss).toBeLessThan(0.5);
    const averages = model.parameters.filter(({ role }) => role === 'average').map(({ name }) => name);
    const untrained = averages.map((name) => [name, training.state[name]]);
    const withoutAverages = { ...state, ...Object.fromEntries(untrained) } as NamedArrays;
    expect((await evaluate(model, withoutAverages, training.batchFeeds)).loss).toBeGreaterThan(
      2 * evaluated.loss,
    );
  });
});
