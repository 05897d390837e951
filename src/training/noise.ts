/** @file Draws what the noise of a regularizer asks for. */
import type { ArrayData } from '../arrays.ts';
import type { Noise, Probability } from '../methods/types.ts';
import { fillBernoulli, fillNormal, fillUniform } from '../random/streams.ts';
import type { StreamKey } from '../random/types.ts';
import type { Progress } from '../settings/training-time.ts';

/** @param out of the noise's size and element type: booleans for Bernoulli noise, else float32 */
export function fillNoise(noise: Noise, key: StreamKey, progress: Progress, out: ArrayData): void {
  switch (noise.distribution) {
    case 'uniform':
      fillUniform(key, out as Float32Array);
      break;
    case 'normal':
      fillNormal(key, out as Float32Array);
      break;
    case 'bernoulli':
      fillBernoulli(key, probabilityAt(noise.probability, progress), out as Uint8Array);
  }
}

function probabilityAt(probability: Probability, progress: Progress): number {
  return typeof probability === 'number' ? probability : probability(progress);
}
