/** @file Measures what a trained network costs as it is and pruned: numbers, multiply-adds, bytes, milliseconds. */
import { cpus } from 'node:os';
import { gzipSync } from 'node:zlib';
import { availableThreads } from '../engines/threads.ts';
import { at } from '../lookup.ts';
import type { Criterion } from '../pruning/criteria/criterion.ts';
import type { Granularity } from '../pruning/types.ts';
import type { OpenNetwork } from '../sweeps/trained-networks.ts';
import { pruneToLayers } from './export-network.ts';
import { encodeOnnx } from './formats/onnx.ts';
import { safetensors } from './formats/safetensors.ts';
import { countRounds, type Quartiles, timeInTurns } from './latency.ts';
import type { MeasureRow } from './measure-rows.ts';
import { type Network, sizeOfNetwork } from './network.ts';
import { ExportedSession } from './session.ts';

export const BATCHES = [1, 128] as const;

export interface MeasureChoice {
  readonly granularities: readonly Granularity[];
  /** Each above 0 and below 1: the network as it is trained is always measured. */
  readonly pruneRates: readonly number[];
  /** What ranks, if it is not what a sweep ranks by. */
  readonly criterion?: Criterion;
  /** Timed runs of each network at each batch size. */
  readonly rounds: number;
  /** Inside an operation; all that the process may use if absent. */
  readonly threads?: number;
}

interface Measured {
  readonly granularity: Granularity;
  readonly pruneRate: number;
  readonly layers: Network;
}

/** Calls of `onRound` in the measurement of a run. */
export function countMeasureRounds({ rounds }: MeasureChoice): number {
  return BATCHES.length * countRounds(rounds);
}

/**
 * All networks of a run are timed in the same turns.
 *
 * @throws UserError if the model uses an operation that exported files have no layer for
 * @throws the signal's reason once it is aborted
 */
export async function measureNetwork(
  network: OpenNetwork,
  choice: MeasureChoice,
  signal?: AbortSignal,
  onRound?: () => void,
): Promise<MeasureRow[]> {
  const { granularities, pruneRates, criterion, rounds } = choice;
  const threads = choice.threads ?? availableThreads();
  const pruned = async (granularity: Granularity, pruneRate: number): Promise<Measured> => {
    const pruning = { granularity, pruneRate, ...(criterion === undefined ? {} : { criterion }) };
    const { layers } = await pruneToLayers(network, pruning, true);
    return { granularity, pruneRate, layers };
  };
  // With nothing pruned, the network is the same by either granularity: it is timed once.
  const measured = [await pruned(at(granularities, 0), 0)];
  for (const granularity of granularities)
    for (const pruneRate of pruneRates) measured.push(await pruned(granularity, pruneRate));
  const files = measured.map(({ layers }) => encodeOnnx(layers, {}));
  const sessions: ExportedSession[] = [];
  try {
    for (const file of files) sessions.push(await ExportedSession.open(file, threads));
    const [height, width, channels] = network.model.inputShape;
    const shape = [channels, height, width];
    const [one, many] = [[] as Quartiles[], [] as Quartiles[]];
    one.push(...(await timeInTurns(sessions, shape, BATCHES[0], rounds, signal, onRound)));
    many.push(...(await timeInTurns(sessions, shape, BATCHES[1], rounds, signal, onRound)));
    const { variant, seed, runId } = network.names;
    const rows = measured.map(({ granularity, pruneRate, layers }, index): MeasureRow => {
      const file = at(files, index);
      const sparse = safetensors.encode(layers, {}, true);
      return {
        variant,
        seed,
        granularity,
        pruneRate,
        ...sizeOfNetwork(layers),
        bytes: file.length,
        gzipBytes: gzipSync(file, { level: 9 }).length,
        sparseBytes: sparse.reduce((sum, { bytes }) => sum + bytes.length, 0),
        ...labelTimes(at(one, index), at(many, index)),
        ...labelDenseTimes(at(one, 0), at(many, 0)),
        rounds,
        threads,
        processor: cpus()[0]?.model ?? 'unknown',
        runId,
      };
    });
    const others = granularities.slice(1).map((granularity): MeasureRow => ({ ...at(rows, 0), granularity }));
    return [...rows, ...others];
  } finally {
    for (const session of sessions) await session.release();
  }
}

function labelTimes(one: Quartiles, many: Quartiles) {
  const [low1, median1, high1] = [one.low, one.median, one.high].map(round);
  const [low128, median128, high128] = [many.low, many.median, many.high].map(round);
  return { low1, median1, high1, low128, median128, high128 } as TimesOf<'low' | 'median' | 'high'>;
}

function labelDenseTimes(one: Quartiles, many: Quartiles) {
  const { low1, median1, high1, low128, median128, high128 } = labelTimes(one, many);
  return {
    denseLow1: low1,
    denseMedian1: median1,
    denseHigh1: high1,
    denseLow128: low128,
    denseMedian128: median128,
    denseHigh128: high128,
  };
}

type TimesOf<Name extends string> = Readonly<Record<`${Name}${1 | 128}`, number>>;

/** A clock tells no more. */
function round(milliseconds: number): number {
  return Number(milliseconds.toPrecision(4));
}
