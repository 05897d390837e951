/** @file What a plugin's method returns is looked at before it is used: a mistake is one sentence, never another training. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { heldToContract } from '../../src/methods/held-to-contract.ts';
import type { HostWeight, Regularizer, WeightContext } from '../../src/methods/types.ts';

const spec = { name: 'dense1/kernel', shape: [3, 2], outputShape: [2], layer: 'dense' } as const;
const context = (): WeightContext => ({
  spec,
  weight: tf.ones([3, 2]),
  state: {},
  noise: {},
  scalars: {},
  prepared: {},
});
const host = (): HostWeight => ({ spec, weight: Float32Array.of(6, 5, 4, 3, 2, 1), state: {} });

/** A method as a plugin in JavaScript may bring it. */
const held = (parts: object): Regularizer =>
  heldToContract({ name: 'mine', ...parts } as Regularizer, 'plugin mine.ts');

describe('a function of a plugin', () => {
  it.each<[string, object, (method: Regularizer) => unknown, string]>([
    ['an effective weight without return', { effectiveWeight: () => {} }, (method) => method.effectiveWeight?.(context()), 'effectiveWeight returned nothing, expected a tensor of shape [3, 2]'],
    ['a transposed one', { effectiveWeight: ({ weight }: WeightContext) => tf.transpose(weight) }, (method) => method.effectiveWeight?.(context()), 'effectiveWeight returned a tensor of shape [2, 3], expected a tensor of shape [3, 2]'],
    ['a number in place of a tensor', { effectiveWeight: () => 1 }, (method) => method.effectiveWeight?.(context()), 'effectiveWeight returned the number 1, expected a tensor of shape [3, 2]'],
    ['a penalty for each entry', { penalty: ({ weight }: WeightContext) => tf.square(weight) }, (method) => method.penalty?.(context()), 'penalty returned a tensor of shape [3, 2], expected a scalar'],
    ['an update without return', { update: () => {} }, (method) => method.update?.(context(), tf.ones([3, 2])), 'update returned nothing, expected an object with a value for each name'],
    ['a mask that is no tensor', { prepare: () => ({ mask: true }) }, (method) => method.prepare?.(context()), 'prepare returned a value of type object, expected a tensor as "mask"'],
    ['noise of an unknown kind', { noise: () => ({ drop: { shape: [3], distribution: 'gauss' } }) }, (method) => method.noise?.(spec, 4), 'noise returned a value of type object, expected a distribution of "drop" that is one of: uniform, normal, bernoulli'],
    ['a scalar that is NaN', { scalars: () => ({ warmth: Number.NaN }) }, (method) => method.scalars?.({} as never), 'scalars returned a value of type object, expected a finite number as "warmth"'],
    ['scores without return', { importance: () => {} }, (method) => method.importance?.(host(), 'weight'), 'importance returned nothing, expected a Float32Array of 6 numbers'],
    ['scores of columns where entries are ranked', { importance: () => new Float32Array(2) }, (method) => method.importance?.(host(), 'weight'), 'importance returned 2 numbers, expected a Float32Array of 6 numbers'],
    ['scores of entries where columns are ranked', { importance: () => new Float32Array(6) }, (method) => method.importance?.(host(), 'unit'), 'importance returned 6 numbers, expected a Float32Array of 2 numbers'],
    ['scores that are NaN', { importance: () => new Float32Array(2).fill(Number.NaN) }, (method) => method.importance?.(host(), 'unit'), 'importance returned 2 numbers, expected scores that can be ranked, none of them NaN'],
    ['an evaluation weight of another length', { evaluationWeight: () => new Float32Array(5) }, (method) => method.evaluationWeight?.(host()), 'evaluationWeight returned 5 numbers, expected a Float32Array of 6 numbers'],
  ])('is refused: %s', (_, parts, call, said) => {
    expect(() => call(held(parts))).toThrow(`plugin mine.ts: ${said}`);
  }); // biome-ignore format: a table

  it('that no method has is refused, with the nearest that there is', () => {
    expect(() => held({ effectiveWeigth: () => {} })).toThrow(
      'plugin mine.ts: a method has no function "effectiveWeigth" (did you mean "effectiveWeight"?)',
    );
  });

  it('is one, and no value in its place', () => {
    expect(() => held({ penalty: 0.5 })).toThrow(
      'plugin mine.ts: penalty is the number 0.5, expected a function',
    );
  });

  it('may use what else an object of a class holds', () => {
    class Halved {
      readonly name = 'halved';
      private readonly factor = 0.5;
      effectiveWeight({ weight }: WeightContext): tf.Tensor {
        return tf.mul(weight, this.factor);
      }
    }
    const weight = heldToContract(new Halved(), 'plugin mine.ts').effectiveWeight?.(context());
    expect(weight?.arraySync()).toEqual([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]); // biome-ignore format: a matrix
  });

  it('cannot change the trained weight', () => {
    const trained = host();
    const scores = held({ importance: ({ weight }: HostWeight) => weight.sort() }).importance?.(
      trained,
      'weight',
    );
    expect(scores).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(trained.weight).toEqual(host().weight);
  });

  it('is not there where the method has none', () => {
    expect(held({ dropsCandidates: true })).toEqual({ name: 'mine', dropsCandidates: true });
  });
});
