/**
 * @file Normal noise for activation-sized arrays at the price of a view.
 *
 * Local reparameterisation needs a normal number for each activation of each step, which costs more to draw than to
 * use. The shared-noise-table trick (Salimans et al. 2017, "Evolution strategies", section 2.1) draws one large table
 * once and reads a stretch of it at a random offset. Two stretches of length n overlap with probability of about
 * 2n / size. Where they do they hold the same numbers, but shifted: an entry meets the same number in two given steps
 * with probability 1 / (size − n + 1), so that noise is as good as independent from step to step. What stays is the
 * table's own mean and variance, which are off by about 1 / √size.
 */
import { fillNormal, integer } from './streams.ts';
import type { StreamKey } from './types.ts';

/** 4,194,304 numbers, 16 MiB: half of it holds the largest feature map of a ResNet on 32 × 32 images, batch 128. */
const TABLE_SIZE = 2 ** 22;

export class NormalTable {
  readonly #key: StreamKey;
  readonly #size: number;
  #numbers: Float32Array | undefined;

  /** The table is drawn from this seed at the first slice. */
  constructor(seed: number, size: number = TABLE_SIZE) {
    this.#key = { seed, purpose: 'normal-table', index: 0 };
    this.#size = size;
  }

  /**
   * Normal numbers, mean 0 and variance 1; equal keys give equal numbers.
   *
   * @returns `[length]`: up to half the table a view of it, which must not be written to; beyond, a new array that is
   *   put together from several stretches
   */
  slice(key: StreamKey, length: number): Float32Array {
    const half = this.#size / 2;
    if (length <= half) return this.#stretch(key, length);
    const joined = new Float32Array(length);
    for (let start = 0, part = 0; start < length; start += half, part++) {
      const partKey = { ...key, purpose: `${key.purpose}/part${part}` };
      joined.set(this.#stretch(partKey, Math.min(half, length - start)), start);
    }
    return joined;
  }

  #stretch(key: StreamKey, length: number): Float32Array {
    const numbers = this.#draw();
    const offset = integer(key, this.#size - length + 1);
    return numbers.subarray(offset, offset + length);
  }

  #draw(): Float32Array {
    if (this.#numbers === undefined) {
      this.#numbers = new Float32Array(this.#size);
      fillNormal(this.#key, this.#numbers);
    }
    return this.#numbers;
  }
}
