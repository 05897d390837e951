/** @file Whether td and PyTorch compute the same: some runs of both, each from the same state, batch and noise. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NamedArrays } from '../../src/engines/types.ts';
import { compareNumbers, compareStates, type Difference, larger, NO_DIFFERENCE } from './compare.ts';
import { readExchange, writeExchange } from './exchange.ts';
import { nameSide, type Peer } from './peer.ts';
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

/** Relative to the loss, which is a mean or sum over the batch of numbers that come from the forward pass alone. */
const LOSS_TOLERANCE = 2e-5;

/**
 * Runs the task on td and on PyTorch. Each run begins for all of them in the state that td has reached, so that
 * differences do not add up and little is allowed: of the loss, of the norm of the gradients or the number of right
 * answers, and of every array of the state.
 *
 * @param task what td's process was started with
 * @returns the largest difference
 * @throws Error naming side, run and array if they disagree
 */
export async function checkAgreement(
  task: PeerTask,
  td: Peer,
  others: readonly Peer[],
  { runs, tolerance }: AgreementOptions,
): Promise<Difference> {
  const folder = mkdtempSync(join(tmpdir(), 'td-peers-'));
  const pathOf = (name: string): string => join(folder, `${name}.safetensors`);
  const { signature, metric, averages, createState, createFeeds, fillNoise } = describeStep(task);
  const keepsState = task.what === 'evaluation';
  const run = async (peer: Peer, before: NamedArrays) => {
    const output = keepsState ? null : pathOf(peer.side);
    const numbers = await peer.check(pathOf('input'), output);
    return { numbers, state: output === null ? before : readExchange(output, signature).state };
  };
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const feeds = createFeeds();
    let state = createState();
    let largest = NO_DIFFERENCE;
    for (let index = 0; index < runs; index++) {
      fillNoise(feeds, index);
      writeExchange(pathOf('input'), { state, feeds }, signature);
      const expected = await run(td, state);
      for (const peer of others) {
        const actual = await run(peer, state);
        const difference = [
          compareNumbers('loss', actual.numbers.loss, expected.numbers.loss, LOSS_TOLERANCE),
          compareNumbers(metric, actual.numbers.metric, expected.numbers.metric, tolerance),
          compareStates(state, actual.state, expected.state, averages, tolerance),
        ].reduce(larger);
        largest = larger(largest, requireAllowed(difference, peer, index));
      }
      state = expected.state;
    }
    return largest;
  } finally {
    process.off('exit', remove);
    remove();
  }
}

function requireAllowed(difference: Difference, peer: Peer, index: number): Difference {
  if (difference.share <= 1) return difference;
  throw new Error(
    `td and ${nameSide(peer.side)} disagree: after run ${index + 1} the difference in "${difference.where}" is ` +
      `${difference.share.toPrecision(3)} times what rounding explains`,
  );
}
