/** @file Steps of gradient descent with momentum, computed by td's kernel for TensorFlow and by plain loops. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { type NamedArrays, sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import type { Native } from '../../../src/engines/tensorflow/native/load.ts';
import { createNumbers } from '../../support/numbers.ts';

export interface Descents {
  readonly name: string;
  readonly nesterov: boolean;
  /** Whether gradients are multiplied by a number that the step computes. */
  readonly clips: boolean;
  readonly shapes: readonly (readonly number[])[];
}

/** One array that fills several tasks, one that is no multiple of a vector, and small ones. */
const SHAPES = [[301, 457], [17], [3, 3, 5, 2], [2]];

export const DESCENTS: readonly Descents[] = [
  { name: 'momentum', nesterov: false, clips: false, shapes: SHAPES },
  { name: 'momentum, clipped', nesterov: false, clips: true, shapes: SHAPES },
  { name: "Nesterov's, clipped", nesterov: true, clips: true, shapes: SHAPES },
  { name: "Nesterov's of one array", nesterov: true, clips: false, shapes: [[40]] },
];

const STEPS = 3;
const MOMENTUM = 0.9;
const RATE = 0.1;
const CLIP = 0.3;

/** Largest error, in units of the largest number of an array. */
export const ROUNDING = 5e-6;

/** Of entries w, w1, … and their velocities v, v1, …; fetches the squares of the weights that the step begins with. */
export function descend({ nesterov, clips }: Pick<Descents, 'nesterov' | 'clips'>): StepFunction {
  return (state, feeds) => {
    const names = Object.keys(state).filter((name) => name.startsWith('w'));
    const next: Record<string, tf.Tensor> = {};
    const fetches: Record<string, tf.Tensor> = {};
    const factor = feeds.clip === undefined ? undefined : tf.sqrt(feeds.clip);
    for (const name of names) {
      const [velocityName, feedName] = [name.replace('w', 'v'), name.replace('w', 'x')];
      const [weights, velocity] = [state[name] as tf.Tensor, state[velocityName] as tf.Tensor];
      const raw = tf.add(feeds[feedName] as tf.Tensor, tf.mul(weights, 0.01));
      const gradient = clips && factor ? tf.mul(raw, factor) : raw;
      const moved = tf.add(tf.mul(velocity, MOMENTUM), gradient);
      const direction = nesterov ? tf.add(gradient, tf.mul(moved, MOMENTUM)) : moved;
      next[velocityName] = moved;
      next[name] = tf.sub(weights, tf.mul(tf.scalar(RATE), direction));
      fetches[`squares of ${name}`] = tf.sum(tf.square(tf.reshape(weights, [-1])));
    }
    return { state: next, fetches };
  };
}

const keyed = (shapes: Descents['shapes'], letter: string): Record<string, readonly number[]> =>
  Object.fromEntries(shapes.map((shape, index) => [`${letter}${index || ''}`, shape]));

function signatureOf({ shapes, clips }: Descents): Signature {
  const specs = (letter: string) =>
    Object.fromEntries(
      Object.entries(keyed(shapes, letter)).map(([name, shape]) => [
        name,
        { shape, dtype: 'float32' as const },
      ]),
    );
  const clip = { clip: { shape: [], dtype: 'float32' as const } };
  return { state: { ...specs('w'), ...specs('v') }, feeds: { ...specs('x'), ...(clips && clip) } };
}

function draw({ shapes }: Descents, letter: string, seed: number): Record<string, Float32Array> {
  const numbers = createNumbers(seed);
  return Object.fromEntries(
    Object.entries(keyed(shapes, letter)).map(([name, shape]) => [name, numbers.normal(sizeOf(shape))]),
  );
}

const stateOf = (descents: Descents) => ({ ...draw(descents, 'w', 11), ...draw(descents, 'v', 12) });
const feedsOf = (descents: Descents, step: number) => draw(descents, 'x', 20 + step);

/** After three steps; fetches are those of the last. */
export async function runNatively(
  descents: Descents,
  native: Native,
  skip: readonly string[] = [],
): Promise<{ state: NamedArrays; fetches: NamedArrays }> {
  const program = compile(descend(descents), signatureOf(descents), native, {}, new Set(skip));
  await program.writeState(stateOf(descents));
  let fetches: NamedArrays = {};
  for (let step = 0; step < STEPS; step++) {
    const clip = { clip: Float32Array.of(CLIP + step) };
    fetches = await program.run({ ...feedsOf(descents, step), ...(descents.clips && clip) });
  }
  const state = await program.readState();
  program.dispose();
  return { state, fetches };
}

/** Element by element, in double precision. */
export function computePlainly(descents: Descents): {
  state: Record<string, Float64Array>;
  fetches: Record<string, Float64Array>;
} {
  const state = Object.fromEntries(
    Object.entries(stateOf(descents)).map(([name, array]) => [name, Float64Array.from(array)]),
  );
  const names = Object.keys(keyed(descents.shapes, 'w'));
  let fetches: Record<string, Float64Array> = {};
  for (let step = 0; step < STEPS; step++) {
    const factor = descents.clips ? Math.sqrt(CLIP + step) : 1;
    const feeds = feedsOf(descents, step);
    fetches = Object.fromEntries(
      names.map((name) => [
        `squares of ${name}`,
        Float64Array.of((state[name] as Float64Array).reduce((sum, w) => sum + w * w, 0)),
      ]),
    );
    for (const name of names) {
      const weights = state[name] as Float64Array;
      const velocity = state[name.replace('w', 'v')] as Float64Array;
      const x = feeds[name.replace('w', 'x')] as Float32Array;
      for (let place = 0; place < weights.length; place++) {
        const w = weights[place] as number;
        const gradient = factor * ((x[place] as number) + 0.01 * w);
        const moved = MOMENTUM * (velocity[place] as number) + gradient;
        velocity[place] = moved;
        weights[place] = w - RATE * (descents.nesterov ? gradient + MOMENTUM * moved : moved);
      }
    }
  }
  return { state, fetches };
}

/** Of all bytes of the state after the steps. */
export async function hashOf(descents: Descents, native: Native): Promise<string> {
  const { state } = await runNatively(descents, native);
  const hash = createHash('sha256');
  for (const name of Object.keys(state).sort()) {
    const { buffer, byteOffset, byteLength } = state[name] as Float32Array;
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}
