/** @file td engines install, uninstall: brings TensorFlow to this machine, and takes it away. */
import { resolve } from 'node:path';
import { megabytes } from '../data/words.ts';
import { installTensorflow, uninstallTensorflow } from '../engines/tensorflow/installation/install.ts';
import { locateTensorflow, type TensorflowInstallation } from '../engines/tensorflow/installation/locate.ts';
import { installationFolder } from '../engines/tensorflow/installation/paths.ts';
import {
  type InstallPlan,
  type InstallRequest,
  planInstallation,
  thisSite,
} from '../engines/tensorflow/installation/plan.ts';
import { ENGINE_NAMES } from '../engines/types.ts';
import { suggest, UserError } from '../errors.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { interruptible } from '../terminal/interruption.ts';
import { print } from '../terminal/output.ts';
import { printLine } from '../terminal/progress.ts';
import { duration } from '../terminal/words.ts';

const PROGRESS = { startStage: startFetchStage, say: printLine };

export interface InstallOptions {
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
export async function installEngine(engine: string, options: InstallOptions): Promise<void> {
  requireInstallable(engine);
  const { gpu = false, dryRun = false, force = false } = options;
  // pip runs in another folder; a name without a slash is looked for on PATH.
  const from = options.from === undefined ? undefined : resolve(options.from);
  const python = options.python?.includes('/') ? resolve(options.python) : options.python;
  const present = locateTensorflow();
  if (!('reason' in present) && !force && satisfies(present, { gpu, from, python })) {
    const how = 'td engines install tensorflow --force builds and tests it again';
    printText(['tensorflow is installed already', ...describeInstallation(present), how]);
    return;
  }
  await interruptible(async (signal) => {
    const site = thisSite();
    printLine('looking for Python, TensorFlow and a C++ compiler');
    const plan = await planInstallation({ gpu, from, python }, site, signal);
    if (dryRun) {
      printText([...describePlan(plan), 'nothing was written']);
      return;
    }
    for (const line of describePlan(plan)) printLine(line);
    const installed = await installTensorflow(plan, site, PROGRESS, signal);
    printText(['tensorflow is installed', ...describeInstallation(installed)]);
  });
}

/**
 * @throws UserError if there is no such engine
 * @throws BusyError if another process is installing it
 */
export async function uninstallEngine(engine: string): Promise<void> {
  requireInstallable(engine);
  const site = thisSite();
  const folder = installationFolder(site.environment);
  const wasThere = await uninstallTensorflow(site, PROGRESS);
  printText([wasThere ? `removed ${folder}` : `tensorflow is not installed: there is no ${folder}`]);
}

function requireInstallable(engine: string): void {
  if (engine === 'tensorflow') return;
  if ((ENGINE_NAMES as readonly string[]).includes(engine))
    throw new UserError(`the engine "${engine}" comes with td: there is nothing to install or remove`);
  throw new UserError(`there is no engine "${engine}" to install${suggest(engine, ['tensorflow'])}`);
}

/** Whether what is there is what is asked for. A build for cards computes on the processor, too. */
function satisfies(
  { build, source }: TensorflowInstallation,
  { gpu, from, python }: InstallRequest,
): boolean {
  if (gpu && build !== 'gpu') return false;
  if (from === undefined && python === undefined) return true;
  const owners = source.kind === 'folder' ? [source.owner] : [...source.wheels, source.python];
  return [from, python].every((path) => path === undefined || owners.includes(path));
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
      lines.push(`fetches  ${name} ${version}, ${megabytes(bytes)}`);
    lines.push(`         ${megabytes(downloadBytes)} in all, from the index that pip is set to`);
  }
  const size =
    choice.kind === 'folder'
      ? 'less than 1 MB'
      : `${choice.kind === 'download' ? '' : 'at most '}${megabytes(unpackedBytes)} unpacked`;
  lines.push(`into     ${folder} (${size}; ${megabytes(freeBytes)} are free)`);
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
    `tested   a training step of LeNet-5 agrees with the reference engine to ${selfTest.largestDifference.toExponential(1)}; the test took ${duration(selfTest.seconds)}`,
    ...(cardNote === undefined ? [] : [`card     ${cardNote}`]),
  ];
}

function describeBuild(build: 'cpu' | 'gpu'): string {
  return build === 'gpu' ? 'with CUDA' : 'for the processor alone';
}

function printText(lines: readonly string[]): void {
  print(lines.join('\n'));
}
