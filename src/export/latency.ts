/** @file How long networks take in onnxruntime, timed in turns so that a busy moment of the machine meets them all. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sizeOf } from '../arrays.ts';
import { at } from '../lookup.ts';
import { median } from '../median.ts';
import type { ExportedSession } from './session.ts';

/** Runs of each network that are not timed. */
const WARMUP = 3;

/** Milliseconds. */
export interface Quartiles {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/**
 * Times each network once a round. The round begins with another network each time, so that none always follows the same one.
 *
 * @param imageShape `[channels, height, width]`
 * @returns the quartiles of each network, in their order
 * @throws the signal's reason once it is aborted
 */
export async function timeInTurns(
  sessions: readonly ExportedSession[],
  imageShape: readonly number[],
  batch: number,
  rounds: number,
  signal?: AbortSignal,
  onRound: () => void = () => {},
): Promise<Quartiles[]> {
  const shape = [batch, ...imageShape];
  // Any numbers will do; zeros would not: some processors are faster with them.
  const images = Float32Array.from({ length: sizeOf(shape) }, (_, index) => ((index * 37) % 101) / 101);
  const times = sessions.map(() => [] as number[]);
  for (let round = -WARMUP; round < rounds; round++) {
    for (let turn = 0; turn < sessions.length; turn++) {
      const own = (turn + round + WARMUP) % sessions.length;
      const began = performance.now();
      await at(sessions, own).run(images, shape);
      if (round >= 0) at(times, own).push(performance.now() - began);
    }
    await nextTurn();
    signal?.throwIfAborted();
    onRound();
  }
  return times.map(quartilesOf);
}

/** @param numbers at least one */
export function quartilesOf(numbers: readonly number[]): Quartiles {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = Math.ceil(sorted.length / 2);
  return { low: median(sorted.slice(0, half)), median: median(sorted), high: median(sorted.slice(-half)) };
}

/** Calls of `onRound` in a timing. */
export function countRounds(rounds: number): number {
  return rounds + WARMUP;
}
