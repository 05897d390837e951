/** @file Optimizers against their textbook updates in double precision. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OptimizerSettings } from '../../src/config/schema.ts';
import { createOptimizer } from '../../src/training/optimizers.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';

beforeAll(useCpuBackend);

const START: readonly number[] = [1, -2, 0.5];
/** Gradients of successive steps. */
const GRADIENTS: readonly (readonly number[])[] = [
  [0.5, -1, 0],
  [-0.25, 3, 1e-3],
  [2, 0.125, -1e-3],
  [0, 0, 0],
];
const RATE = 0.1;

/** The parameter after each step of the optimizer under test. */
function optimize(settings: OptimizerSettings): number[][] {
  const optimizer = createOptimizer(settings);
  let parameter: tf.Tensor = tf.tensor1d([...START]);
  let slots: Readonly<Record<string, tf.Tensor>> = Object.fromEntries(
    optimizer.slots.map((name) => [name, tf.zeros([3])]),
  );
  return GRADIENTS.map((gradient, step) => {
    const scalars = Object.fromEntries(
      Object.entries(optimizer.scalars(step)).map(([name, value]) => [name, tf.scalar(value)]),
    );
    const updated = optimizer.update({
      parameter,
      gradient: tf.tensor1d([...gradient]),
      slots,
      learningRate: tf.scalar(RATE),
      scalars,
    });
    expect(Object.keys(updated.slots)).toEqual([...optimizer.slots]);
    ({ parameter, slots } = updated);
    return Array.from(parameter.dataSync());
  });
}

/** The same in double precision, one entry at a time; `follow` keeps an entry's state and returns its change. */
function follow(createEntry: () => (gradient: number, step: number) => number): number[][] {
  const entries = START.map((value) => ({ value, change: createEntry() }));
  return GRADIENTS.map((gradient, step) =>
    entries.map((entry, index) => {
      entry.value += entry.change(gradient[index] ?? Number.NaN, step);
      return entry.value;
    }),
  );
}

function expectClose(actual: readonly number[][], expected: readonly number[][]): void {
  actual.flat().forEach((value, index) => {
    expect(value, `entry ${index}`).toBeCloseTo(expected.flat()[index] ?? Number.NaN, 6);
  });
}

describe('the optimizer', () => {
  it('sgd steps along the gradient', () => {
    expectClose(
      optimize({ name: 'sgd' }),
      follow(() => (gradient) => -RATE * gradient),
    );
  });

  it('momentum steps along a velocity that remembers gradients undamped', () => {
    const momentum = 0.8;
    expectClose(
      optimize({ name: 'momentum', momentum }),
      follow(() => {
        let velocity = 0;
        return (gradient) => {
          velocity = momentum * velocity + gradient;
          return -RATE * velocity;
        };
      }),
    );
  });

  it('nesterov is momentum seen from where it will be', () => {
    // Sutskever's form: the gradient is taken at y = θ + μv. In terms of y, θ' = y − rate·g and v' = θ' − θ.
    const momentum = 0.8;
    const lookAhead = (start: number, gradients: readonly number[]): number[] => {
      let [theta, velocity] = [start, 0];
      return gradients.map((gradient) => {
        velocity = momentum * velocity - RATE * gradient;
        theta += velocity;
        return theta + momentum * velocity;
      });
    };
    const perEntry = START.map((start, entry) =>
      lookAhead(
        start,
        GRADIENTS.map((gradient) => gradient[entry] ?? 0),
      ),
    );
    const expected = GRADIENTS.map((_, step) => perEntry.map((values) => values[step] ?? Number.NaN));
    expectClose(optimize({ name: 'nesterov', momentum }), expected);
  });

  it('adam divides the corrected mean by the root of the corrected variance', () => {
    const [beta1, beta2, epsilon] = [0.85, 0.997, 1e-8];
    expectClose(
      optimize({ name: 'adam', beta1, beta2, epsilon }),
      follow(() => {
        let [mean, variance] = [0, 0];
        return (gradient, step) => {
          mean = beta1 * mean + (1 - beta1) * gradient;
          variance = beta2 * variance + (1 - beta2) * gradient ** 2;
          const corrected = {
            mean: mean / (1 - beta1 ** (step + 1)),
            variance: variance / (1 - beta2 ** (step + 1)),
          };
          return (-RATE * corrected.mean) / (Math.sqrt(corrected.variance) + epsilon);
        };
      }),
    );
  });

  it("adam's first step is the learning rate, whatever the size of the gradient", () => {
    const [first = []] = optimize({ name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    expect(first[0]).toBeCloseTo(1 - RATE, 6);
    expect(first[1]).toBeCloseTo(-2 + RATE, 6);
    expect(first[2]).toBe(0.5);
  });
});
