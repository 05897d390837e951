/** @file Times the sides in turn, so that whatever else the machine does meets all of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDisturbed, sampleLoad } from './load.ts';
import type { Memory } from './memory.ts';
import type { Peer } from './peer.ts';
import type { Side } from './sides.ts';

/** What was measured of one side. */
export interface Measurement {
  readonly side: Side;
  /** Of every timed run. */
  readonly milliseconds: readonly number[];
  /** At the end; undefined where the system does not tell. */
  readonly memory: Memory | undefined;
}

export interface Measurements {
  readonly sides: readonly Measurement[];
  /** Share of all cores, 0 to 1, that other programs took: the mean of samples before the timed rounds and after each. */
  readonly otherLoad: number;
}

/** Of several tries, the least disturbed one. */
export interface SettledMeasurements extends Measurements {
  /** How often the sides were measured until other programs left them alone. */
  readonly tries: number;
}

export interface TimingOptions {
  readonly rounds: number;
  /** Runs of each side in a round. */
  readonly runsPerTurn: number;
}

/** Milliseconds in which the threads of the side that ran stop looking for more work. */
const REST = 100;
/** Milliseconds over which the load of the machine is taken. */
const LOAD_SAMPLE = 400;
/** How often a disturbed measurement is made again before it is given up. */
const REPEATS = 3;

/**
 * Times rounds in which each side has its turn while the others sleep; a round that is not counted goes before them as a
 * warm-up.
 *
 * @throws Error if a process ends or its loss is not finite
 */
export async function measure(
  peers: readonly Peer[],
  { rounds, runsPerTurn }: TimingOptions,
): Promise<Measurements> {
  const times = new Map<Side, number[]>(peers.map(({ side }) => [side, []]));
  const loads: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const peer of peers) {
      const { milliseconds } = await peer.time(runsPerTurn);
      if (round > 0) times.get(peer.side)?.push(...milliseconds);
      await sleep(REST);
    }
    loads.push(await sampleLoad(LOAD_SAMPLE));
  }
  const sides = peers.map((peer) => ({
    side: peer.side,
    milliseconds: times.get(peer.side) ?? [],
    memory: peer.readMemory(),
  }));
  return { sides, otherLoad: loads.reduce((sum, load) => sum + load, 0) / loads.length };
}

/**
 * Measures again, up to three times, what other programs disturbed.
 *
 * @param measureOnce starts anew: memory and times of an earlier try must not count
 * @param tell is told of each try that does not count
 */
export async function measureUndisturbed(
  measureOnce: () => Promise<Measurements>,
  tell: (otherLoad: number) => void,
): Promise<SettledMeasurements> {
  let best = await measureOnce();
  let tries = 1;
  let latest = best;
  while (isDisturbed(latest) && tries <= REPEATS) {
    tell(latest.otherLoad);
    latest = await measureOnce();
    tries++;
    if (latest.otherLoad < best.otherLoad) best = latest;
  }
  return { ...best, tries };
}
