/** @file Smallify (Leclerc et al. 2018): trained switches that are turned off for good when their sign wavers. */
import * as tf from '@tensorflow/tfjs';
import { requireNumbers, scaleWeight } from '../host-weights.ts';
import { magnitude } from '../l1/regularizer.ts';
import { requireTensor, shapeOfParts } from '../masks.ts';
import type { ExtraState, Regularizer, WeightContext } from '../types.ts';
import type { SmallifySettings } from './settings.ts';

/**
 * Every entry (weight) or column (unit) is multiplied by its switch, trained from U(0, 1), and by the switch's mask.
 * The penalty is lambda (`coefficient`) · sum |switch|. With s the sign of a switch at a step, its averages follow
 * variance ← decay · variance + (1 − decay) · (s − mean)², mean ← decay · mean + (1 − decay) · s, from variance 0 and the
 * mean at the first sign. A switch whose variance reaches `threshold` has its mask set to 0 for good.
 *
 * Evaluation uses weight · switch · mask; pruning ranks by its magnitude or column norm.
 */
export function createSmallify(settings: SmallifySettings): Regularizer {
  const { granularity, coefficient } = settings;
  return {
    name: 'smallify',
    extraState(spec) {
      const shape = shapeOfParts(spec, granularity);
      const tracked = (value: number): ExtraState => ({
        shape,
        initializer: { kind: 'constant', value },
        trainable: false,
      });
      return {
        switch: { shape, initializer: { kind: 'uniform', low: 0, high: 1 }, trainable: true },
        mask: tracked(1),
        // Switches begin above 0.
        signMean: tracked(1),
        signVariance: tracked(0),
      };
    },
    effectiveWeight: ({ weight, state }) =>
      tf.mul(weight, tf.mul(requireTensor(state, 'switch'), requireTensor(state, 'mask'))),
    penalty: ({ state }) => tf.mul(coefficient, tf.sum(magnitude(requireTensor(state, 'switch')))),
    update: (context) => trackSigns(context, settings),
    evaluationWeight(host) {
      const mask = requireNumbers(host, 'mask');
      const gates = requireNumbers(host, 'switch').map((value, index) => value * (mask[index] ?? 0));
      return scaleWeight(host.weight, gates);
    },
  };
}

function trackSigns(
  { state }: WeightContext,
  { decay, threshold }: { decay: number; threshold: number },
): Readonly<Record<string, tf.Tensor>> {
  const sign = tf.sign(requireTensor(state, 'switch'));
  const mean = requireTensor(state, 'signMean');
  const average = (old: tf.Tensor, latest: tf.Tensor): tf.Tensor =>
    tf.add(tf.mul(old, decay), tf.mul(latest, 1 - decay));
  const signVariance = average(requireTensor(state, 'signVariance'), tf.square(tf.sub(sign, mean)));
  const isSteady = tf.cast(tf.less(signVariance, threshold), 'float32');
  return {
    mask: tf.mul(requireTensor(state, 'mask'), isSteady),
    signMean: average(mean, sign),
    signVariance,
  };
}
