/** @file npm run bench:peers: checks that td's engines and PyTorch compute the same, then times them in turn. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printLine } from '../../src/terminal/progress.ts';
import { describeCount } from '../../src/terminal/words.ts';
import { runScript } from '../command-line.ts';
import { checkAgreement, describeAgreements } from './agreement.ts';
import { writeBatches } from './batch.ts';
import { PINNED_VERSION } from './installation/locate.ts';
import { isDisturbed } from './load.ts';
import { describeMachine } from './machine.ts';
import { NAME, type PeerOptions, parseOptions } from './options.ts';
import { findParticipants, type Participants, sidesFor } from './participants.ts';
import { Peer } from './peer.ts';
import { hasFastLibrary } from './python.ts';
import {
  compareSides,
  describeDisturbance,
  formatMilliseconds,
  formatRows,
  type PeerRow,
  type RowSettings,
  readRows,
  writeRows,
} from './report.ts';
import { isMeasured, replaceRows, rowsOf } from './resume.ts';
import { engineOf, nameSide, precisionOf, type Side } from './sides.ts';
import { measure, measureUndisturbed } from './timing.ts';
import {
  type Comparand,
  describeComparand,
  listComparands,
  type PeerTask,
  taskOf,
  type Workload,
} from './workloads.ts';

/** Enough that momentum and averages have a past. */
const CHECKED_RUNS = 3;

/** @returns the exit code */
async function benchmark(options: PeerOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'td-batches-'));
  try {
    return await compare(options, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(options: PeerOptions, folder: string): Promise<number> {
  const { only, variants, what, images, threads, rounds, out, resume, checkOnly } = options;
  const participants = findParticipants(options);
  tellOf(participants);
  const comparands = listComparands(only, variants, what);
  const settings = { images, threads, rounds, measuredWith: describeMachine(participants) };
  let rows = resume ? readRows(out) : [];
  const missing = comparands.filter(
    (comparand) => !isMeasured(rows, comparand, sidesFor(comparand, participants.sides), settings),
  );
  if (resume) {
    const kept = comparands.filter((comparand) => !missing.includes(comparand));
    for (const comparand of kept) printLine(`${describeComparand(comparand)}: kept from ${out}`);
  }
  const batches = await writeBatches(folder, [...new Set(missing.map(({ workload }) => workload))], images);
  for (const comparand of missing)
    await check(comparand, checkedBatch(comparand.workload, batches), threads, participants);
  if (checkOnly) return 0;
  for (const comparand of missing) {
    rows = replaceRows(
      rows,
      comparand,
      await time(comparand, batches.get(comparand.workload), settings, participants),
    );
    // What has been measured is kept if a later workload fails.
    writeRows(out, rows);
  }
  const shown = comparands.flatMap((comparand) => rowsOf(rows, comparand));
  const measured = `${settings.measuredWith}, ${describeCount(threads, 'thread')}; medians of ${describeCount(rounds, 'round')}`;
  const written = missing.length === 0 ? `nothing to measure: ${out} has it all` : `written: ${out}`;
  process.stdout.write(`${measured}\n${LEGEND}\n\n${formatRows(shown)}\n\n${written}\n`);
  return tellDisturbed(comparands.filter((comparand) => rowsOf(rows, comparand).some(isDisturbed)));
}

function tellOf({ python, leftOut }: Participants): void {
  for (const reason of leftOut) printLine(`left out: ${reason}`);
  if (python === undefined) return;
  if (!hasFastLibrary(python))
    printLine(
      `PyTorch multiplies with ${python.libraries.join(', ')}, which is slow: install libopenblas0-pthread`,
    );
  if (!python.torch.startsWith(PINNED_VERSION))
    printLine(
      `PyTorch is ${python.torch}, in ${python.command}; npm run bench:install brings ${PINNED_VERSION}, by which td is measured`,
    );
}

/** @returns the exit code */
function tellDisturbed(disturbed: readonly Comparand[]): number {
  if (disturbed.length === 0) return 0;
  printLine(
    `bench:peers: other programs disturbed ${describeCount(disturbed.length, 'row')} at every try, to be measured again ` +
      'when the machine is quiet (the same command with --resume measures nothing else):',
  );
  for (const comparand of disturbed) printLine(`  ${describeComparand(comparand)}`);
  return 1;
}

/**
 * What is compared is computed on the images that are timed, where no pool follows; else on noise: in images of digits some maxima are so nearly equal that
 * rounding decides where their gradients go.
 */
function checkedBatch(workload: Workload, batches: ReadonlyMap<Workload, string>): string | undefined {
  return workload.model.name === 'mlp' ? batches.get(workload) : undefined;
}

async function check(
  comparand: Comparand,
  batch: string | undefined,
  threads: number,
  participants: Participants,
): Promise<void> {
  const { workload, what } = comparand;
  const task = taskOf(comparand, threads, batch);
  const runs = what === 'step' ? CHECKED_RUNS : 1;
  const sides = sidesFor(comparand, participants.sides);
  // What computes in bfloat16 is compared with an engine in float32.
  const hasYardstick = sides.some((side) => engineOf(side) !== undefined && precisionOf(side) === 'float32');
  const checked: readonly Side[] = hasYardstick ? sides : ['onnx', ...sides];
  const agreements = await withPeers(task, checked, participants, (peers) =>
    checkAgreement(task, peers, { runs, workload }),
  );
  for (const line of describeAgreements(agreements)) printLine(`${describeComparand(comparand)}: ${line}`);
}

/** Fresh processes at each try, so that their memory is that of the runs alone. */
async function time(
  comparand: Comparand,
  batch: string | undefined,
  settings: RowSettings,
  participants: Participants,
): Promise<PeerRow[]> {
  const { threads, rounds } = settings;
  const { runsPerTurn } = comparand.workload;
  const name = describeComparand(comparand);
  const sides = sidesFor(comparand, participants.sides);
  const measureOnce = () =>
    withPeers(taskOf(comparand, threads, batch), sides, participants, (peers) =>
      measure(peers, { rounds, runsPerTurn }),
    );
  const measurements = await measureUndisturbed(measureOnce, (otherLoad) => {
    const share = (100 * otherLoad).toFixed(0);
    printLine(`${name}: other programs took ${share} % of the cores meanwhile, measuring again`);
  });
  const rows = compareSides(comparand, measurements, settings);
  const times = rows.map(({ side, median }) => `${nameSide(side)} ${formatMilliseconds(median)}`);
  printLine(`${name}: ${times.join(', ')}${describeDisturbance(measurements)}`);
  return rows;
}

/** Starts sides, and ends them in any case. */
async function withPeers<T>(
  task: PeerTask,
  sides: readonly Side[],
  { python }: Participants,
  work: (peers: readonly Peer[]) => Promise<T>,
): Promise<T> {
  const peers = sides.map((side) => Peer.start(side, task, python?.command));
  try {
    return await work(peers);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

const LEGEND =
  'Ratios of medians, ÷ PyTorch: to its faster layout in the same precision. peak: the most memory that the process has held,\n' +
  'pages of library files included; private: what it holds at the end, without pages of files.';

/** So that what is removed at the end is removed now; the processes of the sides are interrupted as well. */
process.once('SIGINT', () => process.exit(130));

await runScript(NAME, (parameters) => benchmark(parseOptions(parameters)));
