/** @file npm run bench:peers: checks that td and PyTorch compute the same, then times them in turn. */
import { CommanderError } from 'commander';
import { wordFailure } from '../../src/cli/failures.ts';
import { printLine } from '../../src/cli/progress.ts';
import { counted } from '../../src/cli/words.ts';
import { UserError } from '../../src/errors.ts';
import { collectEnvironment } from '../../src/results/environment.ts';
import { checkAgreement } from './agreement.ts';
import { QUIET } from './load.ts';
import { type PeerOptions, parseOptions } from './options.ts';
import { LAYOUTS, Peer, type Side } from './peer.ts';
import { findPython, hasFastLibrary, type Python } from './python.ts';
import { compareSides, formatMilliseconds, formatRows, type PeerRow, writeRows } from './report.ts';
import { measure } from './timing.ts';
import { type Comparand, describeComparand, listComparands, type PeerTask, taskOf } from './workloads.ts';

/** Enough that momentum and averages have a past. */
const CHECKED_RUNS = 3;

async function main(): Promise<number> {
  try {
    await benchmark(parseOptions(process.argv.slice(2)));
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printLine(`bench:peers: ${wordFailure(error)}`);
    return error instanceof UserError ? 2 : 1;
  }
}

async function benchmark(options: PeerOptions): Promise<void> {
  const python = findPython();
  if (!hasFastLibrary(python))
    printLine(
      `PyTorch multiplies with ${python.libraries.join(', ')}, which is slow: install libopenblas0-pthread`,
    );
  const comparands = listComparands(options.only, options.variants, options.what);
  for (const comparand of comparands) await check(comparand, options, python);
  if (options.checkOnly) return;
  const rows: PeerRow[] = [];
  for (const comparand of comparands) {
    rows.push(await time(comparand, options, python));
    // What has been measured is kept if a later workload fails.
    writeRows(options.out, rows);
  }
  process.stdout.write(
    `${describeMachine(options, python)}\n\n${formatRows(rows)}\n\nwritten: ${options.out}\n`,
  );
}

async function check(comparand: Comparand, { threads }: PeerOptions, python: Python): Promise<void> {
  const task = taskOf(comparand, threads);
  const runs = comparand.what === 'step' ? CHECKED_RUNS : 1;
  const { tolerance } = comparand.workload;
  const difference = await withPeers(task, python, ([td, ...others]) =>
    checkAgreement(task, td as Peer, others, { runs, tolerance }),
  );
  const share = (100 * difference.share).toPrecision(2);
  printLine(
    `${describeComparand(comparand)}: td and PyTorch agree (largest difference: ${share} % of what is allowed, in "${difference.where}")`,
  );
}

/** Fresh processes, so that their memory is that of the runs alone. */
async function time(
  comparand: Comparand,
  { threads, rounds }: PeerOptions,
  python: Python,
): Promise<PeerRow> {
  const { runsPerTurn } = comparand.workload;
  const measurements = await withPeers(taskOf(comparand, threads), python, (peers) =>
    measure(peers, { rounds, runsPerTurn }),
  );
  const row = compareSides(comparand, measurements, { threads, rounds });
  printLine(
    `${describeComparand(comparand)}: td ${formatMilliseconds(row.tdMedian)}, ` +
      `PyTorch ${formatMilliseconds(row.pytorchMedian)} (${row.pytorchLayout}), ratio ${row.ratio.toFixed(2)}`,
  );
  if (row.otherLoad > QUIET) {
    const share = (100 * row.otherLoad).toFixed(0);
    printLine(`  other programs took ${share} % of the cores meanwhile: the ratio says little`);
  }
  return row;
}

/** Starts td and PyTorch in both layouts, and ends them in any case. Networks without convolutions have one layout. */
async function withPeers<T>(
  task: PeerTask,
  python: Python,
  work: (peers: readonly Peer[]) => Promise<T>,
): Promise<T> {
  const layouts = task.settings.model.name === 'mlp' ? LAYOUTS.slice(0, 1) : LAYOUTS;
  const sides: readonly Side[] = ['td', ...layouts];
  const peers = sides.map((side) => Peer.start(side, task, python.command));
  try {
    return await work(peers);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

function describeMachine({ threads, rounds }: PeerOptions, { torch, libraries }: Python): string {
  const { cpu, cores, versions } = collectEnvironment({ engine: 'onnx', device: 'CPU', threads });
  const library = libraries.length > 0 ? ` with ${libraries.join(', ')}` : '';
  return (
    `td ${versions.td} on onnxruntime ${versions['onnxruntime-node']}, PyTorch ${torch}${library}; ` +
    `${cpu}, ${counted(cores, 'core')}, ${counted(threads, 'thread')}; medians of ${counted(rounds, 'round')}`
  );
}

/** So that what is removed at the end is removed now; the processes of the sides are interrupted as well. */
process.once('SIGINT', () => process.exit(130));

process.exit(await main());
