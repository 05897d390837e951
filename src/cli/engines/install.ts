/** @file td engines install: brings TensorFlow to this machine. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { requireInstallable } from '../../engines/installable.ts';
import { installTensorflow } from '../../engines/tensorflow/installation/install.ts';
import {
  locateTensorflow,
  type TensorflowInstallation,
} from '../../engines/tensorflow/installation/locate.ts';
import {
  type InstallPlan,
  planInstallation,
  satisfies,
  thisSite,
} from '../../engines/tensorflow/installation/plan.ts';
import { formatMegabytes } from '../../format.ts';
import { startFetchStage } from '../../terminal/fetch-progress.ts';
import { interruptible } from '../../terminal/interruption.ts';
import { print } from '../../terminal/output.ts';
import { printLine } from '../../terminal/progress.ts';
import { formatDuration } from '../../terminal/words.ts';

const HELP = `
td takes a TensorFlow of 2.15 or newer that a Python on this machine has. Where
there is none, it fetches one through pip into its own cache folder (TD_CACHE,
else ~/.cache/td): 274 MB for the processor, 3.4 GB with --gpu. It builds a
small native module for it and tries a training step. Python's own packages
stay as they are.

Examples:
  td engines install tensorflow --dry-run
  td engines install tensorflow --gpu
  td engines install tensorflow --from ~/venv`;

export function define(command: Command): void {
  command
    .option('--gpu', 'with CUDA and the libraries of NVIDIA')
    .option('--from <path>', 'this TensorFlow: its folder, the environment around it, or a wheel')
    .option('--python <path>', 'this Python alone, for its TensorFlow or its pip')
    .option('--dry-run', 'say what would be fetched and built, and where; write nothing')
    .option('--force', 'build and test it again if it is there')
    .addHelpText('after', HELP)
    .action(installEngine);
}

interface InstallOptions {
  readonly gpu?: boolean;
  readonly from?: string;
  readonly python?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/**
 * @throws UserError if there is no such engine, or something is missing that it needs
 * @throws BusyError if another process is at it
 * @throws InstallationError if the build or its self-test fails
 */
async function installEngine(engine: string, options: InstallOptions): Promise<void> {
  requireInstallable(engine);
  const { gpu = false, dryRun = false, force = false } = options;
  // pip runs in another folder; a name without a slash is looked for on PATH.
  const from = options.from === undefined ? undefined : resolve(options.from);
  const python = options.python?.includes('/') ? resolve(options.python) : options.python;
  const present = locateTensorflow();
  if (!('reason' in present) && !force && satisfies(present, { gpu, from, python })) {
    const how = 'td engines install tensorflow --force builds and tests it again';
    printLines(['tensorflow is installed already', ...describeInstallation(present), how]);
    return;
  }
  await interruptible(async (signal) => {
    const site = thisSite();
    printLine('looking for Python, TensorFlow and a C++ compiler');
    const plan = await planInstallation({ gpu, from, python }, site, signal);
    if (dryRun) {
      printLines([...describePlan(plan), 'nothing was written']);
      return;
    }
    for (const line of describePlan(plan)) printLine(line);
    const installed = await installTensorflow(
      plan,
      site,
      { startStage: startFetchStage, say: printLine },
      signal,
    );
    printLines(['tensorflow is installed', ...describeInstallation(installed)]);
  });
}

function describePlan(plan: InstallPlan): string[] {
  const { choice, compiler, python, folder, downloadBytes, unpackedBytes, freeBytes, untested } = plan;
  const lines: string[] = [];
  if (choice.kind === 'folder') {
    const { version, build, libraries } = choice.found;
    lines.push(
      `uses     TensorFlow ${version} (${describeBuild(build)}), which is in ${libraries} and stays as it is`,
    );
  } else if (choice.kind === 'wheel file') {
    lines.push(`unpacks  ${choice.path} (TensorFlow ${choice.version})`);
  } else {
    for (const reason of choice.passedOver) lines.push(`leaves   ${reason}`);
    for (const { name, version, bytes } of choice.wheels)
      lines.push(`fetches  ${name} ${version}, ${formatMegabytes(bytes)}`);
    lines.push(`         ${formatMegabytes(downloadBytes)} in all, from the index that pip is set to`);
  }
  const size =
    choice.kind === 'folder'
      ? 'less than 1 MB'
      : `${choice.kind === 'download' ? '' : 'at most '}${formatMegabytes(unpackedBytes)} unpacked`;
  lines.push(`into     ${folder} (${size}; ${formatMegabytes(freeBytes)} are free)`);
  if (python !== undefined) lines.push(`python   ${python.path} (${python.version})`);
  lines.push(`compiler ${compiler.command.join(' ')} (${compiler.version})`);
  if (untested !== undefined) lines.push(`untested ${untested}`);
  return lines;
}

function describeInstallation(installation: TensorflowInstallation): string[] {
  const { version, build, libraries, folder, compiler, selfTest, cardNote } = installation;
  return [
    `version  TensorFlow ${version} (${describeBuild(build)})`,
    `devices  ${selfTest.devices.join(', ')}`,
    `folder   ${folder}${libraries.startsWith(folder) ? '' : `, with the libraries in ${libraries}`}`,
    `compiler ${compiler}`,
    `tested   a training step of LeNet-5 agrees with the reference engine to ${selfTest.largestDifference.toExponential(1)}; the test took ${formatDuration(selfTest.seconds)}`,
    ...(cardNote === undefined ? [] : [`card     ${cardNote}`]),
  ];
}

function describeBuild(build: 'cpu' | 'gpu'): string {
  return build === 'gpu' ? 'with CUDA' : 'for the processor alone';
}

function printLines(lines: readonly string[]): void {
  print(lines.join('\n'));
}
