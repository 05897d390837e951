/** @file L0 regularization by hard concrete gates (Louizos, Welling and Kingma 2018). */
import * as tf from '@tensorflow/tfjs';
import { columnNorms, magnitudes, matrixShape } from '../../pruning/criteria.ts';
import { requireNumbers, scaleWeight } from '../host-weights.ts';
import { requireTensor, shapeOfParts } from '../masks.ts';
import type { HostWeight, Regularizer, WeightContext } from '../types.ts';
import type { L0Settings } from './settings.ts';

/** Temperature (beta) of the concrete distribution, and the interval (gamma, zeta) that it is stretched to. */
const TEMPERATURE = 2 / 3;
const LOW = -0.1;
const HIGH = 1.1;
/** Standard deviation of the log-odds at the start. */
const INITIAL_DEVIATION = 0.01;
/** Keeps the logistic noise finite; uniform noise comes in multiples of it. */
const NOISE_MARGIN = 2 ** -24;

/**
 * Every entry (weight) or column (unit) is multiplied by a gate: a concrete variable with trained log-odds, stretched
 * beyond [0, 1] and clipped to it, so that it is exactly 0 or 1 with some probability (equations 10 and 11). The
 * penalty is lambda (`coefficient`) times the expected number of weights behind open gates (equation 12), divided by
 * `dataCount`. Gates are drawn once a step, for the whole batch.
 *
 * Evaluation multiplies by clip(sigmoid(log-odds) · (zeta − gamma) + gamma) (equation 13). Pruning at the granularity
 * of the gates ranks by the log-odds: the order of the gates, without their ties at 0 and 1. Otherwise it ranks by
 * magnitude or norm of the evaluation weight.
 */
export function createL0(settings: L0Settings): Regularizer {
  const { granularity, coefficient, dataCount, initialDropRate } = settings;
  const initialLogOdds = Math.log(1 - initialDropRate) - Math.log(initialDropRate);
  return {
    name: 'l0',
    extraState: (spec) => ({
      logOdds: {
        shape: shapeOfParts(spec, granularity),
        initializer: { kind: 'normal', mean: initialLogOdds, sd: INITIAL_DEVIATION },
        trainable: true,
      },
    }),
    noise: (spec) => ({ gate: { shape: shapeOfParts(spec, granularity), distribution: 'uniform' } }),
    prepare: ({ noise }) => ({ logistic: logisticOf(requireTensor(noise, 'gate')) }),
    effectiveWeight: (context) => tf.mul(context.weight, sampleGates(context)),
    penalty(context) {
      const weightsPerGate = granularity === 'unit' ? matrixShape(context.spec.shape).rows : 1;
      return tf.mul((coefficient * weightsPerGate) / dataCount, countOpenGates(context));
    },
    evaluationWeight: gateHost,
    importance(host, asked) {
      if (asked === granularity) return requireNumbers(host, 'logOdds');
      return asked === 'unit' ? columnNorms(gateHost(host), host.spec.shape) : magnitudes(gateHost(host));
    },
  };
}

/** Logistic numbers from uniform ones on [0, 1). */
function logisticOf(uniform: tf.Tensor): tf.Tensor {
  const inside = tf.clipByValue(uniform, NOISE_MARGIN, 1 - NOISE_MARGIN);
  return tf.log(tf.div(inside, tf.sub(1, inside)));
}

/** Equations 10 and 11; clipping lets no gradient through where it acts. */
function sampleGates({ state, prepared }: WeightContext): tf.Tensor {
  const shifted = tf.add(requireTensor(state, 'logOdds'), requireTensor(prepared, 'logistic'));
  const concrete = tf.sigmoid(tf.div(shifted, TEMPERATURE));
  return tf.clipByValue(tf.add(tf.mul(concrete, HIGH - LOW), LOW), 0, 1);
}

/** Sum of the probabilities that a gate is not 0 (equation 12). */
function countOpenGates({ state }: WeightContext): tf.Scalar {
  const shift = TEMPERATURE * Math.log(-LOW / HIGH);
  return tf.sum(tf.sigmoid(tf.sub(requireTensor(state, 'logOdds'), shift)));
}

function gateHost(host: HostWeight): Float32Array {
  const gates = requireNumbers(host, 'logOdds').map((logOdds) =>
    Math.min(1, Math.max(0, (HIGH - LOW) / (1 + Math.exp(-logOdds)) + LOW)),
  );
  return scaleWeight(host.weight, gates);
}
