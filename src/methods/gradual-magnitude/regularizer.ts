/** @file Gradual magnitude pruning (Zhu and Gupta 2017): sparsity rises during training, fast at first, then slowly. */
import * as tf from '@tensorflow/tfjs';
import { lowestColumns, lowestOfAll } from '../../pruning/ranking.ts';
import { type Progress, parseLength } from '../../settings/training-time.ts';
import { requireNumbers, scaleWeight } from '../host-weights.ts';
import { applyMask, requireScalar, requireTensor, shapeOfParts } from '../masks.ts';
import type { Regularizer } from '../types.ts';
import type { GradualMagnitudeSettings } from './settings.ts';

/**
 * At step t_0 (`begin`) and every Δt (`every`) steps after it, up to `end`, a mask is chosen: it removes the share
 * s_t = s_f + (s_i − s_f) · (1 − (t − t_0) / (n Δt))³ (equation 1) of lowest magnitude among all entries of the layer
 * (weight), or of lowest norm among its columns (unit). The mask is kept until the next one is chosen, the last one to
 * the end of training.
 *
 * What is masked is zero in the forward pass and gets no gradient. As in the paper it keeps its own value, by which it is
 * ranked: it returns if it comes to lie above others. Evaluation uses the masked weight.
 */
export function createGradualMagnitude(settings: GradualMagnitudeSettings): Regularizer {
  const { granularity } = settings;
  const findLowest = granularity === 'weight' ? lowestOfAll : lowestColumns;
  return {
    name: 'gradual-magnitude',
    dropsCandidates: true,
    extraState: (spec) => ({
      mask: {
        shape: shapeOfParts(spec, granularity),
        initializer: { kind: 'constant', value: 1 },
        trainable: false,
      },
    }),
    scalars: (progress) => scheduleAt(settings, progress),
    prepare({ weight, state, scalars }) {
      const lowest = findLowest(weight, requireScalar(scalars, 'sparsity'));
      const chosen = tf.sub(1, tf.cast(lowest, 'float32'));
      const kept = requireTensor(state, 'mask');
      return { mask: tf.add(kept, tf.mul(requireScalar(scalars, 'choosesMask'), tf.sub(chosen, kept))) };
    },
    effectiveWeight: applyMask,
    update: ({ prepared }) => ({ mask: requireTensor(prepared, 'mask') }),
    evaluationWeight: (host) => scaleWeight(host.weight, requireNumbers(host, 'mask')),
  };
}

/** Whether a mask is chosen at a step, as 0 or 1, and s_t. */
function scheduleAt(settings: GradualMagnitudeSettings, { step, stepsPerEpoch }: Progress) {
  const { initialRate, targetRate } = settings;
  const [begin, end, every] = [settings.begin, settings.end, settings.every].map((point) =>
    parseLength(point).inSteps(stepsPerEpoch),
  ) as [number, number, number];
  const length = Math.max(1, every);
  const last = Math.max(0, Math.floor((end - begin) / length));
  const index = (step - begin) / length;
  const left = last === 0 ? 0 : 1 - Math.min(Math.max(index, 0), last) / last;
  return {
    choosesMask: Number.isInteger(index) && index >= 0 && index <= last ? 1 : 0,
    sparsity: targetRate + (initialRate - targetRate) * left ** 3,
  };
}
