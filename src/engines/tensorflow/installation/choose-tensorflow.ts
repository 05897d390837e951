/** @file Decides which TensorFlow td builds against: one that the user names, one that a Python here has, or wheels to fetch. */
import { basename, resolve } from 'node:path';
import { UserError } from '../../../errors.ts';
import { lookAt } from '../../../files/read.ts';
import type { Machine } from './platform.ts';
import type { Python } from './pythons.ts';
import {
  findPackage,
  inspectFolder,
  isRecent,
  OLDEST_VERSION,
  type TensorflowFolder,
} from './tensorflow-folder.ts';
import { CPU_WHEELS, GPU_WHEELS, PINNED_VERSION, type Wheel } from './wheels.ts';

export type Choice =
  /** One that is there: it is used where it lies, and never changed. */
  | { readonly kind: 'folder'; readonly found: TensorflowFolder; readonly owner: string }
  /** A wheel that the user has: it is unpacked into td's folder. */
  | { readonly kind: 'wheel file'; readonly path: string; readonly version: string }
  /** Wheels that pip fetches into td's folder. */
  | { readonly kind: 'download'; readonly wheels: readonly Wheel[]; readonly passedOver: readonly string[] };

/** @throws UserError if the machine has no wheel for what is asked */
export function chooseTensorflow(pythons: readonly Python[], machine: Machine, gpu: boolean): Choice {
  const passedOver: string[] = [];
  for (const python of pythons) {
    for (const folder of python.tensorflow) {
      const found = inspectForeign(folder, machine);
      if ('reason' in found) passedOver.push(found.reason);
      else if (gpu && found.build === 'cpu') passedOver.push(describeCpuBuild(found));
      else return { kind: 'folder', found, owner: python.path };
    }
  }
  return { kind: 'download', wheels: chooseWheels(machine, gpu), passedOver };
}

/**
 * @param path what `--from` names
 * @throws UserError if there is no TensorFlow, or none that will do
 */
export function chooseFrom(path: string, machine: Machine, gpu: boolean): Choice {
  const status = lookAt(path);
  if (status === undefined) throw new UserError(`--from: there is no ${path}`);
  if (!status.isDirectory()) return chooseWheelFile(path, machine, gpu);
  const folder = findPackage(resolve(path));
  if (folder === undefined) {
    throw new UserError(
      `--from: ${path} has no TensorFlow with headers, expected its package folder (site-packages/tensorflow), the site-packages or the environment around it, an unpacked wheel, or a .whl file`,
    );
  }
  const found = inspectForeign(folder, machine);
  if ('reason' in found) throw new UserError(`--from: ${found.reason}`);
  if (gpu && found.build === 'cpu') throw new UserError(`--from: ${describeCpuBuild(found)}`);
  return { kind: 'folder', found, owner: resolve(path) };
}

function chooseWheelFile(path: string, machine: Machine, gpu: boolean): Choice {
  const name = basename(path);
  const [, distribution = '', version = '', tag = ''] =
    /^((?:tensorflow|intel_tensorflow|tf_nightly)(?:_\w+)?)-([^-]+)-[^-]+-[^-]+-([^-]+)\.whl$/.exec(name) ??
    [];
  if (version === '') {
    throw new UserError(
      `--from: ${path} is neither a folder nor a wheel of TensorFlow, expected a name such as tensorflow-${PINNED_VERSION}-cp312-cp312-manylinux_2_27_x86_64.whl`,
    );
  }
  if (!isRecent(version)) {
    throw new UserError(`--from: ${path} is TensorFlow ${version}, expected ${OLDEST_VERSION} or newer`);
  }
  if (!suits(tag, machine)) {
    throw new UserError(`--from: ${path} is for ${tag}, and this is ${machine.platform} on ${machine.arch}`);
  }
  if (gpu && distribution.includes('_cpu')) {
    throw new UserError(
      `--from: ${path} is TensorFlow's build for the processor alone, expected one with CUDA`,
    );
  }
  return { kind: 'wheel file', path: resolve(path), version };
}

/** A folder that is not td's own: its path goes into the native module, whose loader splits and expands it. */
function inspectForeign(folder: string, { platform }: Machine): ReturnType<typeof inspectFolder> {
  const odd = /[:$]/.exec(folder)?.[0];
  if (odd === undefined) return inspectFolder(folder, platform);
  return {
    reason: `TensorFlow lies in ${folder}, and the dynamic linker finds no libraries in a folder with "${odd}" in its name`,
  };
}

function suits(tag: string, { platform, arch }: Machine): boolean {
  const processors = { x64: ['x86_64'], arm64: ['aarch64', 'arm64'] }[arch] ?? [];
  const system = platform === 'darwin' ? 'macosx' : 'linux';
  return tag.includes(system) && [...processors, 'universal2'].some((name) => tag.includes(name));
}

function chooseWheels({ platform, arch }: Machine, gpu: boolean): readonly Wheel[] {
  const here = `${platform}-${arch}`;
  const cpu = CPU_WHEELS[here];
  if (!gpu && cpu !== undefined) return [cpu];
  const wheels = GPU_WHEELS[here];
  if (gpu && wheels !== undefined) return wheels;
  const name = platform === 'darwin' ? 'macOS' : 'Linux';
  throw new UserError(
    gpu
      ? `there is no TensorFlow for NVIDIA cards on ${name} ${arch}; without --gpu td installs the one for the processor`
      : `there is no TensorFlow ${PINNED_VERSION} for ${name} ${arch}; --from takes a folder of ${OLDEST_VERSION} or newer that is there`,
  );
}

function describeCpuBuild({ libraries, version }: TensorflowFolder): string {
  return `TensorFlow ${version} in ${libraries} is the build for the processor alone`;
}
