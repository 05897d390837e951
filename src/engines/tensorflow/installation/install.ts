/** @file Carries out a plan in a folder beside the final one, which gets its name when the self-test has passed. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { codeOf } from '../../../errors.ts';
import { formatMegabytes } from '../../../format.ts';
import type { StartStage } from '../../../progress.ts';
import { compileModule } from './compiler.ts';
import { fullDisk, InstallationError } from './errors.ts';
import { explainUnusedCard, findCards } from './graphics-card.ts';
import { locateTensorflow, sizeOfFile, type TensorflowInstallation } from './locate.ts';
import {
  ADDON_NAME,
  besides,
  HELPER_NAME,
  installationFolder,
  KERNELS_NAME,
  libraryNames,
  PACKAGES_NAME,
  RECORD_NAME,
} from './paths.ts';
import { fetchWheel } from './pip.ts';
import { holdingLock, isEmpty, remove } from './place.ts';
import type { InstallPlan, Site } from './plan.ts';
import type { InstallationRecord } from './record.ts';
import { type SelfTest, testAddon } from './self-test.ts';
import { hashOwnSources } from './sources.ts';
import { computeCapabilities, inspectFolder, type TensorflowFolder } from './tensorflow-folder.ts';
import { unpackWheel } from './unpack.ts';
import { offersGpu, UNPACKED_PATHS } from './wheels.ts';

export interface Progress {
  readonly startStage: StartStage;
  /** A line that stays. */
  say(text: string): void;
}

/**
 * Installs TensorFlow as planned, in the place of what was there.
 *
 * @throws BusyError if another process is at it
 * @throws UserError if the network or the disk does not do its part
 * @throws InstallationError if the build or the self-test fails
 * @throws the signal's reason if it is aborted. In all these cases what was there before is still there.
 */
export async function installTensorflow(
  plan: InstallPlan,
  site: Site,
  progress: Progress,
  signal?: AbortSignal,
): Promise<TensorflowInstallation> {
  const { folder } = plan;
  return holdingLock(folder, progress.say, signal, async (lock) => {
    const { work, former, downloads } = besides(folder);
    mkdirSync(work);
    try {
      const record = await prepare(plan, site, progress, signal);
      writeFileSync(join(work, RECORD_NAME), `${JSON.stringify(record, null, 2)}\n`);
      lock.requireHeld();
      if (existsSync(folder)) renameSync(folder, former);
      renameSync(work, folder);
      remove(former, downloads);
    } catch (error) {
      throw codeOf(error) === 'ENOSPC' ? fullDisk(folder) : error;
    } finally {
      remove(work);
      if (isEmpty(downloads)) remove(downloads);
    }
    const installed = locateTensorflow(folder);
    if ('reason' in installed) throw new InstallationError(installed.reason);
    return installed;
  });
}

/**
 * Removes what td put into its own folder. A Python's TensorFlow is left as it is.
 *
 * @returns whether there was anything
 * @throws BusyError if another process is installing
 */
export async function uninstallTensorflow(site: Site, progress: Progress): Promise<boolean> {
  const folder = installationFolder(site.environment);
  const paths = [folder, ...Object.values(besides(folder))];
  if (!paths.some((path) => existsSync(path))) return false;
  return holdingLock(folder, progress.say, undefined, async () => {
    const { downloads } = besides(folder);
    const wasThere = [folder, downloads].some((path) => existsSync(path));
    remove(folder, downloads);
    return wasThere;
  });
}

/** Everything but the record, in the folder for half-done work. @returns the record */
async function prepare(
  plan: InstallPlan,
  site: Site,
  progress: Progress,
  signal?: AbortSignal,
): Promise<InstallationRecord> {
  const { work } = besides(plan.folder);
  const tensorflow = await bringTensorflow(plan, progress, signal);
  const isOwn = plan.choice.kind !== 'folder';
  progress.say(`building the native module with ${plan.compiler.version}`);
  await buildModules(plan, tensorflow, isOwn, site, signal);
  progress.say('testing it: one training step of LeNet-5 against the reference engine');
  const began = performance.now();
  const tested = await testAddon(join(work, ADDON_NAME), signal).catch((error) => {
    throw error instanceof InstallationError && !isOwn ? nameTensorflow(error, tensorflow) : error;
  });
  const seconds = (performance.now() - began) / 1000;
  const cardNote = await judgeCard(tensorflow, tested, site, signal);
  const library = join(tensorflow.libraries, libraryNames().cc);
  return {
    format: 1,
    platform: `${process.platform}-${process.arch}`,
    version: tested.version,
    build: tensorflow.build,
    libraries: isOwn ? `${PACKAGES_NAME}/tensorflow` : resolve(tensorflow.libraries),
    libraryBytes: sizeOfFile(library) ?? 0,
    source: describeSource(plan),
    compiler: plan.compiler.version,
    tfjsNode: plan.sources.version,
    ownSources: hashOwnSources(),
    installed: new Date().toISOString(),
    selfTest: { devices: [...tested.devices], seconds, largestDifference: tested.largestDifference },
    ...(cardNote === undefined ? {} : { cardNote }),
  };
}

/** @returns where the libraries are; wheels are fetched and unpacked first */
async function bringTensorflow(
  plan: InstallPlan,
  progress: Progress,
  signal?: AbortSignal,
): Promise<TensorflowFolder> {
  const { choice, python, folder } = plan;
  if (choice.kind === 'folder') return choice.found;
  if (python === undefined) throw new Error('the plan names no Python to unpack wheels with');
  const { work, downloads } = besides(folder);
  const packages = join(work, PACKAGES_NAME);
  mkdirSync(packages);
  const unpack = async (path: string, unpackedBytes: number, isTensorflow: boolean) => {
    const [name, version] = basename(path).split('-');
    const stage = progress.startStage(`unpacking ${name} ${version}`, unpackedBytes);
    const metadata = `${name}-${version}.dist-info/`;
    const paths = isTensorflow ? [...UNPACKED_PATHS, metadata] : [];
    await unpackWheel(path, packages, paths, python, stage, signal).finally(() => stage.stop());
  };
  if (choice.kind === 'wheel file') await unpack(choice.path, plan.unpackedBytes, true);
  else {
    const place = { downloads, work: join(work, 'download') };
    for (const path of [downloads, place.work]) mkdirSync(path, { recursive: true });
    for (const wheel of choice.wheels) {
      const label = `fetching ${wheel.name} ${wheel.version} (${formatMegabytes(wheel.bytes)}) with pip`;
      const stage = progress.startStage(label, wheel.bytes);
      await fetchWheel(wheel, python, place, stage, signal).finally(() => stage.stop());
    }
    for (const { file, name, unpackedBytes } of choice.wheels)
      await unpack(join(downloads, file), unpackedBytes, name.startsWith('tensorflow'));
    remove(place.work);
  }
  const found = inspectFolder(join(packages, 'tensorflow'));
  if ('reason' in found) throw new InstallationError(`what was unpacked will not do: ${found.reason}`);
  return found;
}

/** The native module, and the two of td's own beside it. */
async function buildModules(
  { folder, compiler, sources }: InstallPlan,
  { libraries }: TensorflowFolder,
  isOwn: boolean,
  site: Site,
  signal?: AbortSignal,
): Promise<void> {
  const { work } = besides(folder);
  const build = join(work, 'build');
  const copied = sources.copyTo(build);
  const { cc, framework } = libraryNames();
  const linked = {
    paths: [join(libraries, cc), join(libraries, framework)],
    runtimeFolder: isOwn ? { besideModule: `${PACKAGES_NAME}/tensorflow` } : libraries,
  };
  const addon = {
    sources: copied.sources,
    includes: [...copied.includes, join(libraries, 'include')],
    output: join(work, ADDON_NAME),
    linked,
  };
  const kernels = {
    sources: [copied.kernels],
    includes: copied.includes,
    output: join(work, KERNELS_NAME),
    // A product and the sum that it is added to are one instruction.
    flags: ['-O3', '-ffp-contract=fast'],
    linked,
  };
  const helper = {
    sources: [copied.helper],
    includes: copied.includes,
    output: join(work, HELPER_NAME),
  };
  await compileModule(compiler, helper, site, build, signal);
  await compileModule(compiler, addon, site, build, signal);
  await compileModule(compiler, kernels, site, build, signal);
  remove(build);
}

/** Adds to a failure which TensorFlow was used: td found it by itself, and the user may not know of it. */
function nameTensorflow({ message }: InstallationError, { version, libraries }: TensorflowFolder): Error {
  return new InstallationError(
    `${message}; that is TensorFlow ${version} in ${libraries}, and --from names another`,
  );
}

function describeSource({ choice, python }: InstallPlan): InstallationRecord['source'] {
  if (choice.kind === 'folder') return { kind: 'folder', owner: choice.owner };
  const wheels = choice.kind === 'wheel file' ? [choice.path] : choice.wheels.map(({ file }) => file);
  return { kind: 'wheel', wheels, python: python?.path ?? '' };
}

async function judgeCard(
  { build, libraries }: TensorflowFolder,
  { devices, version, log }: SelfTest,
  { environment, machine }: Site,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const cards = await findCards(environment, signal);
  const capabilities = computeCapabilities(libraries);
  const visibleDevices = environment.CUDA_VISIBLE_DEVICES;
  const isGpuOffered = offersGpu(machine);
  const facts = { cards, devices, build, version, capabilities, log };
  return explainUnusedCard({ ...facts, visibleDevices, isGpuOffered });
}
