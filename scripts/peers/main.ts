/** @file npm run bench:peers: checks that td's engines and PyTorch compute the same, then times them in turn. */
import { CommanderError } from 'commander';
import { UserError } from '../../src/errors.ts';
import { collectEnvironment } from '../../src/runs/environment.ts';
import { describeFailure } from '../../src/terminal/failures.ts';
import { printLine } from '../../src/terminal/progress.ts';
import { describeCount } from '../../src/terminal/words.ts';
import { checkAgreement, describeAgreements } from './agreement.ts';
import { type PeerOptions, parseOptions } from './options.ts';
import { Peer } from './peer.ts';
import { hasFastLibrary } from './python.ts';
import {
  compareSides,
  describeDisturbance,
  formatMilliseconds,
  formatRows,
  type PeerRow,
  writeRows,
} from './report.ts';
import { findParticipants, nameSide, type Participants, PYTORCH_SIDES, type Side } from './sides.ts';
import { measure, measureUndisturbed } from './timing.ts';
import { type Comparand, describeComparand, listComparands, type PeerTask, taskOf } from './workloads.ts';

/** Enough that momentum and averages have a past. */
const CHECKED_RUNS = 3;

async function main(): Promise<number> {
  try {
    await benchmark(parseOptions(process.argv.slice(2)));
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printLine(`bench:peers: ${describeFailure(error)}`);
    return error instanceof UserError ? 2 : 1;
  }
}

async function benchmark(options: PeerOptions): Promise<void> {
  const participants = findParticipants(options.sides);
  const { python, leftOut } = participants;
  for (const reason of leftOut) printLine(`left out: ${reason}`);
  if (python !== undefined && !hasFastLibrary(python))
    printLine(
      `PyTorch multiplies with ${python.libraries.join(', ')}, which is slow: install libopenblas0-pthread`,
    );
  const comparands = listComparands(options.only, options.variants, options.what);
  for (const comparand of comparands) await check(comparand, options, participants);
  if (options.checkOnly) return;
  const rows: PeerRow[] = [];
  for (const comparand of comparands) {
    rows.push(...(await time(comparand, options, participants)));
    // What has been measured is kept if a later workload fails.
    writeRows(options.out, rows);
  }
  process.stdout.write(
    `${describeMachine(options, participants)}\n${LEGEND}\n\n${formatRows(rows)}\n\nwritten: ${options.out}\n`,
  );
}

async function check(
  comparand: Comparand,
  { threads }: PeerOptions,
  participants: Participants,
): Promise<void> {
  const task = taskOf(comparand, threads);
  const runs = comparand.what === 'step' ? CHECKED_RUNS : 1;
  const { tolerance } = comparand.workload;
  const agreements = await withPeers(task, participants, (peers) =>
    checkAgreement(task, peers, { runs, tolerance }),
  );
  for (const line of describeAgreements(agreements)) printLine(`${describeComparand(comparand)}: ${line}`);
}

/** Fresh processes at each try, so that their memory is that of the runs alone. */
async function time(
  comparand: Comparand,
  { threads, rounds }: PeerOptions,
  participants: Participants,
): Promise<PeerRow[]> {
  const { runsPerTurn } = comparand.workload;
  const name = describeComparand(comparand);
  const measureOnce = () =>
    withPeers(taskOf(comparand, threads), participants, (peers) => measure(peers, { rounds, runsPerTurn }));
  const measurements = await measureUndisturbed(measureOnce, (otherLoad) => {
    const share = (100 * otherLoad).toFixed(0);
    printLine(`${name}: other programs took ${share} % of the cores meanwhile, measuring again`);
  });
  const rows = compareSides(comparand, measurements, { threads, rounds });
  const times = rows.map(({ side, median }) => `${nameSide(side)} ${formatMilliseconds(median)}`);
  printLine(`${name}: ${times.join(', ')}${describeDisturbance(measurements)}`);
  return rows;
}

/** Starts all sides, and ends them in any case. Networks without convolutions have one layout. */
async function withPeers<T>(
  task: PeerTask,
  { engines, python }: Participants,
  work: (peers: readonly Peer[]) => Promise<T>,
): Promise<T> {
  const layouts = task.settings.model.name === 'mlp' ? PYTORCH_SIDES.slice(0, 1) : PYTORCH_SIDES;
  const sides: readonly Side[] = [...engines, ...(python === undefined ? [] : layouts)];
  const peers = sides.map((side) => Peer.start(side, task, python?.command));
  try {
    return await work(peers);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

const LEGEND =
  'Ratios of medians, ÷ PyTorch: to its faster layout. peak: the most memory that the process has held, pages of library\n' +
  'files included; private: what it holds at the end, without pages of files.';

function describeMachine(
  { threads, rounds }: PeerOptions,
  { engines, tensorflow, python }: Participants,
): string {
  const { cpu, cores, versions } = collectEnvironment({ engine: 'onnx', device: 'CPU', threads });
  const library = python?.libraries.length ? ` with ${python.libraries.join(', ')}` : '';
  const parts = [
    `td ${versions.td}`,
    ...(engines.includes('onnx') ? [`onnxruntime ${versions['onnxruntime-node']}`] : []),
    ...(tensorflow === undefined ? [] : [`TensorFlow ${tensorflow}`]),
    ...(python === undefined ? [] : [`PyTorch ${python.torch}${library}`]),
  ];
  const machine = `${cpu}, ${describeCount(cores, 'core')}, ${describeCount(threads, 'thread')}`;
  return `${parts.join(', ')}\n${machine}; medians of ${describeCount(rounds, 'round')}`;
}

/** So that what is removed at the end is removed now; the processes of the sides are interrupted as well. */
process.once('SIGINT', () => process.exit(130));

process.exit(await main());
