/** @file Whether the sides compute the same: some runs of each, all from the same state, batch and noise. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NamedArrays } from '../../src/arrays.ts';
import { compareNumbers, compareStates, type Difference, larger } from './compare.ts';
import { readExchange, writeExchange } from './exchange.ts';
import type { CheckResult, Peer } from './peer.ts';
import { isEngine, nameSide, type Side } from './sides.ts';
import { describeStep } from './td-runner.ts';
import type { PeerTask } from './workloads.ts';

export interface AgreementOptions {
  readonly runs: number;
  /**
   * Largest difference between the changes of an array in a run, relative to the change, and between the norms of the
   * gradients, relative to them.
   */
  readonly tolerance: number;
}

/** A run of which two sides computed the same. */
export interface Agreement {
  /** An engine of td, and the side that it was compared with. */
  readonly sides: readonly [Side, Side];
  readonly difference: Difference;
}

/** What a side has computed in a run. */
interface Outcome {
  readonly side: Side;
  readonly numbers: CheckResult;
  readonly state: NamedArrays;
}

/** Relative to the loss, which is a mean or sum over the batch of numbers that come from the forward pass alone. */
const LOSS_TOLERANCE = 2e-5;

/**
 * Runs the task on all sides, and compares each engine of td with each side of PyTorch; without PyTorch, the first engine
 * with the others. Each run begins for all of them in the state that the first engine has reached, so that differences do
 * not add up and little is allowed: of the loss, of the norm of the gradients or the number of right answers, and of every
 * array of the state.
 *
 * @param task what the processes of td were started with
 * @returns every comparison that was made
 * @throws Error naming sides, run and array if two disagree, or if there is nothing to compare
 */
export async function checkAgreement(
  task: PeerTask,
  peers: readonly Peer[],
  { runs, tolerance }: AgreementOptions,
): Promise<Agreement[]> {
  const [first, second] = splitPeers(peers);
  const folder = mkdtempSync(join(tmpdir(), 'td-peers-'));
  const pathOf = (name: string): string => join(folder, `${name}.safetensors`);
  const { training, metric, averages, createState, createFeeds, fillNoise } = await describeStep(task);
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
  const compare = (before: NamedArrays, actual: Outcome, expected: Outcome): Difference =>
    [
      compareNumbers('loss', actual.numbers.loss, expected.numbers.loss, LOSS_TOLERANCE),
      compareNumbers(metric, actual.numbers.metric, expected.numbers.metric, tolerance),
      compareStates(before, actual.state, expected.state, averages, tolerance),
    ].reduce(larger);
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
        for (const expected of expectations) {
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
  const engines = peers.filter(({ side }) => isEngine(side));
  const pytorch = peers.filter(({ side }) => !isEngine(side));
  const split =
    pytorch.length > 0 ? ([engines, pytorch] as const) : ([engines.slice(0, 1), engines.slice(1)] as const);
  if (split.some((half) => half.length === 0))
    throw new Error(`nothing to compare among: ${peers.map(({ side }) => side).join(', ') || 'no sides'}`);
  return split;
}

function requireAgreement(sides: readonly [Side, Side], difference: Difference, index: number): Agreement {
  if (difference.share <= 1) return { sides, difference };
  throw new Error(
    `${sides.map(nameSide).join(' and ')} disagree: after run ${index + 1} the difference in "${difference.where}" is ` +
      `${difference.share.toPrecision(3)} times what rounding explains`,
  );
}

/**
 * What is found of each engine of td, in a sentence without full stop: `tensorflow and PyTorch agree (largest difference:
 * 12 % of what is allowed, in "loss")`.
 */
export function describeAgreements(agreements: readonly Agreement[]): string[] {
  // Without PyTorch the first engine is what all others are compared with.
  const checked = agreements.some(({ sides: [, other] }) => !isEngine(other)) ? 0 : 1;
  const engines = new Set(agreements.map(({ sides }) => sides[checked]));
  return [...engines].map((engine) => {
    const own = agreements.filter(({ sides }) => sides[checked] === engine);
    const { share, where } = own.map(({ difference }) => difference).reduce(larger);
    const yardstick = checked === 0 ? 'PyTorch' : own[0]?.sides[0];
    const percents = (100 * share).toPrecision(2);
    return `${engine} and ${yardstick} agree (largest difference: ${percents} % of what is allowed, in "${where}")`;
  });
}
