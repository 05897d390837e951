/** @file Batch normalisation as plain loops in double precision. */
import type { Numbers64 } from './naive-layers.ts';

export interface NaiveMoments {
  readonly mean: Numbers64;
  /** Mean squared deviation. */
  readonly variance: Numbers64;
  /** Values behind each mean. */
  readonly count: number;
}

/** Mean and variance of each channel; x is `[…, channels]`. */
export function naiveMoments(x: Numbers64, channels: number): NaiveMoments {
  const count = x.length / channels;
  const columns = Array.from({ length: channels }, (_, channel) =>
    Array.from({ length: count }, (_, row) => Number(x[row * channels + channel])),
  );
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = columns.map(average);
  const variance = columns.map((column, channel) =>
    average(column.map((value) => (value - Number(mean[channel])) ** 2)),
  );
  return { mean, variance, count };
}

/** `scale · (x − mean) / sqrt(variance + epsilon) + shift` along the last axis. */
export function naiveNormalize(
  x: Numbers64,
  { mean, variance }: Pick<NaiveMoments, 'mean' | 'variance'>,
  scale: Numbers64,
  shift: Numbers64,
  epsilon: number,
): number[] {
  return x.map((value, index) => {
    const channel = index % mean.length;
    const deviation = Math.sqrt(Number(variance[channel]) + epsilon);
    return (Number(scale[channel]) * (value - Number(mean[channel]))) / deviation + Number(shift[channel]);
  });
}
