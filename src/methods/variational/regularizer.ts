/** @file Sparse variational dropout (Molchanov et al. 2017): a learned noise variance for each weight. */
import * as tf from '@tensorflow/tfjs';
import { columnNorms } from '../../pruning/criteria.ts';
import { Steps } from '../../settings/training-time.ts';
import { requireNumbers } from '../host-weights.ts';
import { requireTensor, shapeOfParts } from '../masks.ts';
import type { HostWeight, Regularizer, WeightContext } from '../types.ts';
import type { VariationalSettings } from './settings.ts';

/** Keeps logarithms and square roots, and their gradients, finite at zero; the value of the paper's code. */
const EPSILON = 1e-8;
/** log alpha is clipped to ±8 in training, as in the paper's code. */
const LOG_ALPHA_BOUND = 8;
/** Constants of the KL approximation, Molchanov et al. 2017, equation 14. */
const K1 = 0.63576;
const K2 = 1.8732;
const K3 = 1.48695;

/**
 * Each weight is normal with mean w and variance sigma² = alpha · w²; log sigma² is trained with it, one for each entry
 * (weight) or one for all entries of a column (unit). Training samples the layer's output, not the weight (local
 * reparameterisation). The penalty is the KL divergence from the log-uniform prior, summed over entries, divided by
 * `dataCount`, times `klScale`, with a factor that rises linearly over the first `warmupSteps` steps.
 *
 * Weights with log alpha at or above `threshold` are mostly noise and are zero in evaluation. Pruning ranks weights by
 * −log alpha, and units by the column norm of the evaluation weight: the paper's code, too, prunes units by norm.
 *
 * With one variance a column, a column has the log alpha of its mean square, log sigma² − log mean w²: columns at or
 * above `threshold` are zero in evaluation, and units are ranked by its negative. The paper's code zeroes entry by
 * entry and ranks units by norm there too (`perEntry`).
 */
export function createVariational(settings: VariationalSettings): Regularizer {
  const { granularity, klScale, dataCount, warmupSteps, initialLogVariance, threshold, perEntry } = settings;
  const byColumn = granularity === 'unit' && !perEntry;
  const evaluationWeight = (host: HostWeight) =>
    zeroNoisy(host.weight, byColumn ? columnLogAlpha(host) : hostLogAlpha(host), threshold);
  return {
    name: 'variational',
    disablesWeightDecay: true,
    extraState: (spec) => ({
      logVariance: {
        shape: shapeOfParts(spec, granularity),
        initializer: { kind: 'constant', value: initialLogVariance },
        trainable: true,
      },
    }),
    noise: (spec, batchSize) => ({
      output: { shape: [batchSize, ...spec.outputShape], distribution: 'normal' },
    }),
    scalars: (progress) => ({
      klFactor: (klScale / dataCount) * progress.shareOf(new Steps(warmupSteps)),
    }),
    linear: sampleOutput,
    penalty: (context) =>
      tf.mul(requireTensor(context.scalars, 'klFactor'), klDivergence(clippedLogAlpha(context))),
    evaluationWeight,
    importance(host, asked) {
      if (asked === 'weight') return hostLogAlpha(host).map((logAlpha) => -logAlpha);
      if (byColumn) return columnLogAlpha(host).map((logAlpha) => -logAlpha);
      return columnNorms(evaluationWeight(host), host.spec.shape);
    },
  };
}

/**
 * A sample of the layer's output: normal with mean `apply(x, w)` and variance `apply(x², alpha · w²)` (the local
 * reparameterisation of Kingma et al. 2015).
 */
function sampleOutput(
  context: WeightContext,
  x: tf.Tensor,
  apply: (x: tf.Tensor, kernel: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const { weight, noise } = context;
  const variance = tf.mul(tf.exp(clippedLogAlpha(context)), tf.square(weight));
  const deviation = tf.sqrt(tf.add(apply(tf.square(x), variance), EPSILON));
  return tf.add(apply(x, weight), tf.mul(deviation, requireTensor(noise, 'output')));
}

function clippedLogAlpha({ weight, state }: WeightContext): tf.Tensor {
  const logAlpha = tf.sub(requireTensor(state, 'logVariance'), tf.log(tf.add(tf.square(weight), EPSILON)));
  return tf.clipByValue(logAlpha, -LOG_ALPHA_BOUND, LOG_ALPHA_BOUND);
}

/**
 * Approximate KL divergence of the weights from the log-uniform prior, summed, such that it goes to 0 as alpha grows
 * (Molchanov et al. 2017, equation 14).
 */
function klDivergence(logAlpha: tf.Tensor): tf.Scalar {
  const rise = tf.mul(K1, tf.sigmoid(tf.add(K2, tf.mul(K3, logAlpha))));
  const fall = tf.mul(0.5, tf.softplus(tf.neg(logAlpha)));
  return tf.sum(tf.add(tf.sub(fall, rise), K1));
}

/**
 * log alpha of each entry. It is not clipped: the order is the same, and pruning has no ties among weights that are
 * beyond the bound.
 */
function hostLogAlpha(host: HostWeight): Float32Array {
  const logVariance = requireNumbers(host, 'logVariance');
  return host.weight.map(
    // Variances of columns repeat from row to row.
    (value, index) => (logVariance[index % logVariance.length] ?? 0) - Math.log(value * value + EPSILON),
  );
}

/** log sigma² − log mean w² of each column. */
function columnLogAlpha(host: HostWeight): Float32Array {
  const { spec, weight } = host;
  const norms = columnNorms(weight, spec.shape);
  const rows = weight.length / norms.length;
  return requireNumbers(host, 'logVariance').map(
    (logVariance, column) => logVariance - Math.log((norms[column] ?? 0) ** 2 / rows + EPSILON),
  );
}

/** @param logAlpha one for each entry or for each column */
function zeroNoisy(weight: Float32Array, logAlpha: Float32Array, threshold: number): Float32Array {
  return weight.map((value, index) => ((logAlpha[index % logAlpha.length] ?? 0) >= threshold ? 0 : value));
}
