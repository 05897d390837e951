/** @file Runs small networks in td and in PyTorch, if it is installed, and expects the same numbers. */
import { afterEach, describe, expect, it } from 'vitest';
import { checkAgreement } from '../../../scripts/peers/agreement.ts';
import { Peer, type Side } from '../../../scripts/peers/peer.ts';
import { findPython } from '../../../scripts/peers/python.ts';
import { measure } from '../../../scripts/peers/timing.ts';
import { type Comparand, type PeerTask, taskOf, type Workload } from '../../../scripts/peers/workloads.ts';
import { runSettingsSchema } from '../../../src/config/schema.ts';
import { UserError } from '../../../src/errors.ts';

const python = (() => {
  try {
    return findPython().command;
  } catch {
    return undefined;
  }
})();

const tiny: Workload = {
  name: 'tiny',
  model: runSettingsSchema.parse({ model: { name: 'mlp', widths: [12, 8] } }).model,
  imageShape: [4, 3, 2],
  classes: 5,
  batchSize: 16,
  tolerance: 1e-3,
  runsPerTurn: 2,
};

/** Strides on even and on odd sides, whose 'same' padding differs. */
const residual: Workload = {
  ...tiny,
  model: runSettingsSchema.parse({ model: { name: 'resnet', filters: [4, 4, 6, 8], units: 1 } }).model,
  imageShape: [10, 9, 3],
};

const started: Peer[] = [];

function start(side: Side, task: PeerTask): Peer {
  const peer = Peer.start(side, task, python ?? '');
  started.push(peer);
  return peer;
}

/** Compares td's process for one task with PyTorch's for another, by default the same. */
function compare(comparand: Comparand, side: Side, change: (task: PeerTask) => PeerTask = (task) => task) {
  const task = taskOf(comparand, 1);
  const peers = [start('td', task), start(side, change(task))] as const;
  return checkAgreement(task, peers[0], [peers[1]], { runs: 3, tolerance: comparand.workload.tolerance });
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((peer) => peer.stop()));
});

describe.skipIf(python === undefined)('td and PyTorch', () => {
  it('take the same steps of a perceptron with targeted dropout', async () => {
    const { share } = await compare({ workload: tiny, variant: 'targeted-weight', what: 'step' }, 'default');
    expect(share).toBeLessThan(1);
  });

  it('take the same steps of a residual network with targeted dropout, in either layout', async () => {
    const { share } = await compare(
      { workload: residual, variant: 'targeted-weight', what: 'step' },
      'channels_last',
    );
    expect(share).toBeLessThan(1);
  });

  it.each([
    [
      'finds other candidates',
      { targetRate: 0.5 },
      /td and PyTorch \(default\) disagree: after run 1 .* in "/,
    ],
    // PyTorch looks at what it is told to drop, and says on its own error output what is wrong.
    ['drops weights at another rate', { dropRate: 0.5 }, /PyTorch \(default\) ended with exit code 1/],
  ])('disagree if the one %s', async (_, settings, message) => {
    const changed = compare(
      { workload: tiny, variant: 'targeted-weight', what: 'step' },
      'default',
      (task) => ({
        ...task,
        settings: { ...task.settings, regularizer: { ...task.settings.regularizer, ...settings } as never },
      }),
    );
    await expect(changed).rejects.toThrow(message);
  });

  it('are timed in turn, run by run', async () => {
    const task = taskOf({ workload: tiny, variant: 'targeted-weight', what: 'step' }, 1);
    const peers = [start('td', task), start('default', task)];
    const { sides } = await measure(peers, { rounds: 2, runsPerTurn: tiny.runsPerTurn });
    expect(sides.map(({ side, milliseconds }) => [side, milliseconds.length])).toEqual([
      ['td', 4],
      ['default', 4],
    ]);
    expect(sides.flatMap(({ milliseconds }) => milliseconds).every((time) => time > 0)).toBe(true);
  });
});

describe('the search for PyTorch', () => {
  it('ends in a sentence that says how to install it', () => {
    expect(() => findPython(['no-such-python', process.execPath])).toThrow(UserError);
    expect(() => findPython(['no-such-python'])).toThrow(
      /looked at: no-such-python.*python3-torch.*TD_PYTHON/,
    );
  });
});

describe('a process of the benchmark', () => {
  it('is reported with its exit code when it ends instead of answering', async () => {
    const task = taskOf({ workload: tiny, variant: 'none', what: 'step' }, 1);
    const peer = Peer.start('default', task, 'false');
    await expect(peer.time(1)).rejects.toThrow('the process of PyTorch (default) ended with exit code 1');
  });
});
