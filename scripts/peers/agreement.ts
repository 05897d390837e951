/** @file Whether the sides compute the same: some runs of each, all from the same state, batch and noise. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NamedArrays } from '../../src/arrays.ts';
import { compareNumbers, compareStates, type Difference, larger, NO_DIFFERENCE } from './compare.ts';
import { readExchange, writeExchange } from './exchange.ts';
import type { CheckResult, Peer } from './peer.ts';
import { describePrecision, engineOf, nameSide, precisionOf, type Side } from './sides.ts';
import { describeStep } from './td-runner.ts';
import { toleranceOf } from './tolerances.ts';
import type { PeerTask, Workload } from './workloads.ts';

/** A run of which two sides computed the same. */
export interface Agreement {
  /** An engine of td in float32, and the side that it was compared with. */
  readonly sides: readonly [Side, Side];
  readonly difference: Difference;
}

/** What a side has computed in a run. */
interface Outcome {
  readonly side: Side;
  readonly numbers: CheckResult;
  readonly state: NamedArrays;
}

/**
 * Runs the task on all sides. In float32 each engine of td is compared with each side of PyTorch; without PyTorch, the first
 * engine with the others. Each side in bfloat16 is compared with the first engine in float32, with what bfloat16's rounding
 * explains. Each run begins for all of them in the state that the first engine has reached, so that differences do not add up and
 * little is allowed: of the loss, of the norm of the gradients or the number of right answers, and of every array of the state.
 *
 * @param task what the processes were started with
 * @param peers the first engine of td in float32 among them
 * @returns every comparison that was made
 * @throws Error naming sides, run and array if two disagree, or if there is nothing to compare
 */
export async function checkAgreement(
  task: PeerTask,
  peers: readonly Peer[],
  { runs, workload }: { readonly runs: number; readonly workload: Workload },
): Promise<Agreement[]> {
  const [first, second] = splitPeers(peers);
  const folder = mkdtempSync(join(tmpdir(), 'td-peers-'));
  const pathOf = (name: string): string => join(folder, `${name}.safetensors`);
  const { training, metric, roles, createState, createFeeds, fillNoise } = await describeStep(task);
  const { signature } = training;
  const keepsState = task.what === 'evaluation';
  const run = async (peer: Peer, before: NamedArrays): Promise<Outcome> => {
    const output = keepsState ? null : pathOf(peer.side);
    const numbers = await peer.check(pathOf('input'), output);
    return {
      side: peer.side,
      numbers,
      state: output === null ? before : readExchange(output, signature).state,
    };
  };
  const compare = (before: NamedArrays, actual: Outcome, expected: Outcome): Difference => {
    const tolerance = toleranceOf(workload, precisionOf(actual.side));
    const { loss, metric: expectedMetric } = expected.numbers;
    const allowed = metric === 'correct' ? tolerance.answers : tolerance.norm * expectedMetric;
    return [
      compareNumbers('loss', actual.numbers.loss, loss, tolerance.loss * Math.abs(loss)),
      compareNumbers(metric, actual.numbers.metric, expectedMetric, allowed),
      compareStates(before, actual.state, expected.state, roles, tolerance),
    ].reduce(larger);
  };
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const agreements: Agreement[] = [];
    const feeds = createFeeds();
    let state = createState();
    for (let index = 0; index < runs; index++) {
      fillNoise(feeds, index);
      writeExchange(pathOf('input'), { state, feeds }, signature);
      const expectations: Outcome[] = [];
      for (const peer of first) expectations.push(await run(peer, state));
      for (const peer of second) {
        const actual = await run(peer, state);
        for (const expected of precisionOf(peer.side) === 'float32'
          ? expectations
          : expectations.slice(0, 1)) {
          const difference = compare(state, actual, expected);
          agreements.push(requireAgreement([expected.side, actual.side], difference, index));
        }
      }
      state = (expectations[0] as Outcome).state;
    }
    return agreements;
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** Each of the first is compared with each of the second: few states are held at once, and those of VGG-16 are large. */
function splitPeers(peers: readonly Peer[]): readonly [readonly Peer[], readonly Peer[]] {
  const exact = peers.filter(({ side }) => precisionOf(side) === 'float32');
  const rounded = peers.filter(({ side }) => precisionOf(side) !== 'float32');
  const engines = exact.filter(({ side }) => engineOf(side) !== undefined);
  const pytorch = exact.filter(({ side }) => engineOf(side) === undefined);
  const first = pytorch.length > 0 ? engines : engines.slice(0, 1);
  const second = [...(pytorch.length > 0 ? pytorch : engines.slice(1)), ...rounded];
  if (first.length === 0 || second.length === 0)
    throw new Error(`nothing to compare among: ${peers.map(({ side }) => side).join(', ') || 'no sides'}`);
  return [first, second];
}

function requireAgreement(sides: readonly [Side, Side], difference: Difference, index: number): Agreement {
  if (difference.share <= 1) return { sides, difference };
  throw new Error(
    `${sides.map(nameSide).join(' and ')} disagree: after run ${index + 1} the difference in "${difference.where}" is ` +
      `${difference.share.toPrecision(3)} times what rounding explains`,
  );
}

/**
 * What is found of each engine of td, and of each library in bfloat16, in a sentence without full stop: `tensorflow and PyTorch
 * agree (largest difference: 12 % of what is allowed, in "loss")`.
 */
export function describeAgreements(agreements: readonly Agreement[]): string[] {
  const words = new Map<string, Difference>();
  const hasPytorch = agreements.some(
    ({ sides: [, other] }) => precisionOf(other) === 'float32' && engineOf(other) === undefined,
  );
  for (const { sides, difference } of agreements) {
    const pair = describePair(sides, hasPytorch);
    words.set(pair, larger(difference, words.get(pair) ?? NO_DIFFERENCE));
  }
  return [...words].map(([pair, { share, where }]) => {
    const percents = (100 * share).toPrecision(2);
    return `${pair} agree (largest difference: ${percents} % of what is allowed, in "${where}")`;
  });
}

/** Layouts of PyTorch are not told apart. What is checked comes first. */
function describePair([engine, other]: Agreement['sides'], hasPytorch: boolean): string {
  const library = `${engineOf(other) ?? 'PyTorch'}${describePrecision(precisionOf(other))}`;
  const isChecked = precisionOf(other) === 'float32' && hasPytorch;
  return isChecked ? `${engine} and ${library}` : `${library} and ${engine}`;
}
