/** @file The training step of a linear classifier, whose gradients have a closed form, in double precision. */

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createArray, type NamedArrays } from '../../src/arrays.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { createRegularizer } from '../../src/methods/registry.ts';
import type { Regularizer } from '../../src/methods/types.ts';
import type { Model } from '../../src/models/types.ts';
import { buildTrainingStep } from '../../src/training/step.ts';
import { runOnce } from '../support/engines.ts';

type Settings = z.input<typeof runSettingsSchema>;

const [INPUTS, CLASSES, BATCH] = [3, 2, 4];
const RATE = 0.5;

/** `logits = scale · (x · kernel + bias)`; the scale stands for a parameter that is neither kernel nor bias. */
const linear: Model = {
  inputShape: [1, INPUTS, 1],
  classes: CLASSES,
  parameters: [
    {
      name: 'dense1/kernel',
      shape: [INPUTS, CLASSES],
      role: 'kernel',
      initializer: { kind: 'constant', value: 0 },
    },
    { name: 'dense1/bias', shape: [CLASSES], role: 'bias', initializer: { kind: 'constant', value: 0 } },
    { name: 'norm/scale', shape: [], role: 'scale', initializer: { kind: 'constant', value: 1 } },
    { name: 'norm/mean', shape: [CLASSES], role: 'average', initializer: { kind: 'constant', value: 0 } },
  ],
  prunable: [{ name: 'dense1/kernel', shape: [INPUTS, CLASSES], layer: 'dense', outputShape: [CLASSES] }],
  forward(images, layers) {
    const y = layers.dense(tf.reshape(images, [-1, INPUTS]), 'dense1');
    if (layers.training) layers.update('norm/mean', tf.mean(y, 0));
    return tf.mul(y, layers.parameter('norm/scale'));
  },
};

const state = {
  'dense1/kernel': Float32Array.of(0.5, -1, 0.25, 2, -0.75, 0.125),
  'dense1/bias': Float32Array.of(0.1, -0.2),
  'norm/scale': Float32Array.of(1.5),
  'norm/mean': Float32Array.of(7, 7),
};
const feeds = {
  images: Float32Array.of(1, 0, 2, -1, 0.5, 0, 0.25, 1, 1, 0, 0, -2),
  labels: Int32Array.of(0, 1, 1, 0),
  learningRate: Float32Array.of(RATE),
};

async function takeStep(
  schedule: NonNullable<Settings['schedule']>,
  regularizer: NonNullable<Settings['regularizer']> = { name: 'none' },
  method?: Regularizer,
): Promise<{ state: NamedArrays; fetches: NamedArrays }> {
  const settings = runSettingsSchema.parse({
    regularizer,
    schedule: { optimizer: { name: 'sgd' }, batchSize: BATCH, ...schedule },
  });
  const { step, signature } = buildTrainingStep({
    model: linear,
    regularizer: method ?? (await createRegularizer(settings.regularizer)),
    schedule: settings.schedule,
  });
  const extra = Object.entries(signature.state)
    .filter(([name]) => !(name in state))
    .map(([name, { shape }]) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]);
  const noise = Object.entries(signature.feeds)
    .filter(([name]) => !(name in feeds))
    .map(([name, spec]) => [name, createArray(spec)]);
  return runOnce(await createReferenceEngine(), step, signature, {
    state: { ...state, ...Object.fromEntries(extra) },
    feeds: { ...feeds, ...Object.fromEntries(noise) },
  });
}

type Trained = 'dense1/kernel' | 'dense1/bias' | 'norm/scale';

/** Loss, answers and gradients of the classifier, from the formula of softmax regression: dlogits = (p − y) / batch. */
function closedForm() {
  const scale = state['norm/scale'][0] ?? 0;
  const gradients: Record<Trained, number[]> = {
    'dense1/kernel': new Array<number>(INPUTS * CLASSES).fill(0),
    'dense1/bias': new Array<number>(CLASSES).fill(0),
    'norm/scale': [0],
  };
  const add = (name: Trained, index: number, value: number) => {
    gradients[name][index] = (gradients[name][index] ?? 0) + value;
  };
  let [loss, correct] = [0, 0];
  const means = [0, 0];
  for (let image = 0; image < BATCH; image++) {
    const x = Array.from(feeds.images.slice(image * INPUTS, (image + 1) * INPUTS));
    const outputs = [0, 1].map((unit) =>
      x.reduce(
        (sum, value, input) => sum + value * (state['dense1/kernel'][input * CLASSES + unit] ?? 0),
        state['dense1/bias'][unit] ?? 0,
      ),
    );
    const powers = outputs.map((output) => Math.exp(scale * output));
    const total = powers.reduce((a, b) => a + b, 0);
    const label = feeds.labels[image] ?? 0;
    loss -= Math.log((powers[label] ?? 0) / total) / BATCH;
    correct += (powers[label] ?? 0) === Math.max(...powers) ? 1 : 0;
    outputs.forEach((output, unit) => {
      means[unit] = (means[unit] ?? 0) + output / BATCH;
      const dLogit = ((powers[unit] ?? 0) / total - (unit === label ? 1 : 0)) / BATCH;
      add('norm/scale', 0, dLogit * output);
      add('dense1/bias', unit, dLogit * scale);
      for (const [input, value] of x.entries())
        add('dense1/kernel', input * CLASSES + unit, dLogit * scale * value);
    });
  }
  return { loss, correct, means, gradients };
}

const norm = (gradients: Readonly<Record<string, readonly number[]>>): number =>
  Math.hypot(...Object.values(gradients).flat());

function expectStep(after: NamedArrays, gradients: Readonly<Record<Trained, readonly number[]>>): void {
  for (const name of Object.keys(gradients) as Trained[]) {
    state[name].forEach((value, index) => {
      const expected = value - RATE * (gradients[name][index] ?? Number.NaN);
      expect(after[name]?.[index], `${name}[${index}]`).toBeCloseTo(expected, 6);
    });
  }
}

/** Gradients with `decay · w` added to kernels and biases. */
function withDecay(gradients: Readonly<Record<Trained, readonly number[]>>, decay: number) {
  const decayed = (name: Trained) =>
    gradients[name].map((value, index) => value + decay * (state[name][index] ?? 0));
  return { ...gradients, 'dense1/kernel': decayed('dense1/kernel'), 'dense1/bias': decayed('dense1/bias') };
}

describe('a training step', () => {
  const expected = closedForm();

  it('fetches the mean loss, the number of right answers and the norm of all gradients', async () => {
    const { fetches } = await takeStep({});
    expect(fetches.loss?.[0]).toBeCloseTo(expected.loss, 6);
    expect(fetches.correct?.[0]).toBe(expected.correct);
    expect(fetches.penalty?.[0]).toBe(0);
    expect(fetches.gradientNorm?.[0]).toBeCloseTo(norm(expected.gradients), 6);
  });

  it('moves every trained parameter along its gradient, and averages to what the model recorded', async () => {
    const after = await takeStep({});
    expectStep(after.state, expected.gradients);
    expect(after.state['norm/mean']?.[0]).toBeCloseTo(expected.means[0] ?? 0, 6);
    expect(after.state['norm/mean']?.[1]).toBeCloseTo(expected.means[1] ?? 0, 6);
  });

  it('decays kernels and biases, and no other parameter', async () => {
    const decayed = withDecay(expected.gradients, 0.3);
    const after = await takeStep({ weightDecay: 0.3 });
    expectStep(after.state, decayed);
    expect(after.fetches.gradientNorm?.[0]).toBeCloseTo(norm(decayed), 6);
    expect(after.fetches.loss?.[0]).toBeCloseTo(expected.loss, 6);
  });

  it('scales all gradients together to the largest norm that is allowed, decay included', async () => {
    const decayed = withDecay(expected.gradients, 0.3);
    const clip = 0.25 * norm(decayed);
    const scaled = Object.fromEntries(
      Object.entries(decayed).map(([name, values]) => [name, values.map((value) => 0.25 * value)]),
    ) as Record<Trained, number[]>;
    const after = await takeStep({ weightDecay: 0.3, gradientClip: clip });
    expectStep(after.state, scaled);
    expect(after.fetches.gradientNorm?.[0]).toBeCloseTo(norm(decayed), 6);
  });

  it('leaves gradients below the largest norm as they are', async () => {
    expectStep((await takeStep({ gradientClip: 2 * norm(expected.gradients) })).state, expected.gradients);
  });

  it('does not decay weights under variational dropout, whose penalty is their prior', async () => {
    const plain = await takeStep({}, { name: 'variational' });
    const decayed = await takeStep({ weightDecay: 0.3 }, { name: 'variational' });
    expect(decayed.state).toEqual(plain.state);
  });

  it('adds the penalty to what is minimised but not to the loss that it reports', async () => {
    const [coefficient, size] = [0.6, INPUTS * CLASSES];
    const after = await takeStep({}, { name: 'l1', coefficient });
    const weights = Array.from(state['dense1/kernel']);
    const penalty = (coefficient * weights.reduce((sum, weight) => sum + Math.abs(weight), 0)) / size;
    expect(after.fetches.penalty?.[0]).toBeCloseTo(penalty, 6);
    expect(after.fetches.loss?.[0]).toBeCloseTo(expected.loss, 6);
    const kernel = expected.gradients['dense1/kernel'].map(
      (value, index) => value + (coefficient / size) * Math.sign(weights[index] ?? 0),
    );
    expectStep(after.state, { ...expected.gradients, 'dense1/kernel': kernel });
  });

  it('shows a method the gradient of loss and penalty, without decay and clipping', async () => {
    const observer: Regularizer = {
      name: 'observer',
      extraState: ({ shape }) => ({
        seen: { shape, initializer: { kind: 'constant', value: 0 }, trainable: false },
      }),
      penalty: ({ weight }) => tf.mul(0.5, tf.sum(weight)),
      update: (_context, gradient) => ({ seen: gradient }),
    };
    const { state: after } = await takeStep({ weightDecay: 0.3, gradientClip: 0.01 }, undefined, observer);
    expected.gradients['dense1/kernel'].forEach((value, index) => {
      expect(after['dense1/kernel/seen']?.[index]).toBeCloseTo(value + 0.5, 6);
    });
  });
});
