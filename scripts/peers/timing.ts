/** @file Times the sides in turn, so that whatever else the machine does meets all of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleLoad } from './load.ts';
import type { Peer, Side } from './peer.ts';

/** What was measured of one side. */
export interface Measurement {
  readonly side: Side;
  /** Of every timed run. */
  readonly milliseconds: readonly number[];
  /** Of the process over its life, in megabytes; undefined where the system does not tell. */
  readonly peakMemory: number | undefined;
}

export interface Measurements {
  readonly sides: readonly Measurement[];
  /** Share of all cores, 0 to 1, that other programs took: the mean of samples before and after the timed rounds. */
  readonly otherLoad: number;
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
    if (round === 1) loads.push(await sampleLoad(LOAD_SAMPLE));
    for (const peer of peers) {
      const { milliseconds } = await peer.time(runsPerTurn);
      if (round > 0) times.get(peer.side)?.push(...milliseconds);
      await sleep(REST);
    }
  }
  loads.push(await sampleLoad(LOAD_SAMPLE));
  const sides = peers.map((peer) => ({
    side: peer.side,
    milliseconds: times.get(peer.side) ?? [],
    peakMemory: peer.readPeakMemory(),
  }));
  return { sides, otherLoad: loads.reduce((sum, load) => sum + load, 0) / loads.length };
}
