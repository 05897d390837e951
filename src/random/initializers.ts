/** @file First values of parameters and of a regularizer's state. */
import { normalQuantile } from './quantile.ts';
import { fillNormal, fillUniform } from './streams.ts';
import type { Initializer, StreamKey } from './types.ts';

/** Standard normal distribution function at −2, where TensorFlow cuts off its truncated normals. */
const BELOW_CUT = 0.02275013194817921;
/** Standard deviation of a standard normal cut off at ±2. */
const SD_WITHIN_CUT = 0.8796256610342398;

/**
 * First values of an array.
 *
 * Glorot and Bengio 2010, equation 16, as TensorFlow computes it: `glorotUniform` is uniform within
 * ±sqrt(6 / (fan in + fan out)); `glorotNormal` has standard deviation sqrt(2 / (fan in + fan out)) and is cut off at
 * two standard deviations of the normal before the cut, which is widened to make up for it.
 *
 * @param shape for the Glorot kinds `[…, in, out]`: both fans are multiplied by the extents before, the receptive field
 * @returns row-major, as many as the shape has entries
 * @throws RangeError if a Glorot kind is asked for a shape of fewer than two axes
 */
export function initialize(initializer: Initializer, shape: readonly number[], key: StreamKey): Float32Array {
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  switch (initializer.kind) {
    case 'constant':
      return values.fill(initializer.value);
    case 'uniform':
      return drawUniform(values, initializer.low, initializer.high, key);
    case 'normal':
      return drawNormal(values, initializer.mean, initializer.sd, key);
    case 'glorotUniform': {
      const limit = Math.sqrt(6 / sumFans(shape));
      return drawUniform(values, -limit, limit, key);
    }
    case 'glorotNormal':
      return drawTruncatedNormal(values, Math.sqrt(2 / sumFans(shape)), key);
  }
}

function sumFans(shape: readonly number[]): number {
  const [inputs, outputs] = shape.slice(-2);
  if (inputs === undefined || outputs === undefined) {
    throw new RangeError(`a Glorot initializer needs a shape […, in, out], not [${shape.join(', ')}]`);
  }
  const receptiveField = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return receptiveField * (inputs + outputs);
}

function drawUniform(values: Float32Array, low: number, high: number, key: StreamKey): Float32Array {
  fillUniform(key, values);
  return values.map((value) => low + value * (high - low));
}

function drawNormal(values: Float32Array, mean: number, sd: number, key: StreamKey): Float32Array {
  fillNormal(key, values);
  return values.map((value) => mean + value * sd);
}

/** @param sd standard deviation after the cut */
function drawTruncatedNormal(values: Float32Array, sd: number, key: StreamKey): Float32Array {
  fillUniform(key, values);
  const scale = sd / SD_WITHIN_CUT;
  return values.map((value) => scale * normalQuantile(BELOW_CUT + value * (1 - 2 * BELOW_CUT)));
}
