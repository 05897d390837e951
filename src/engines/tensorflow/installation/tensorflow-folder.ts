/** @file Looks at a TensorFlow package on disk: its version, its build, and whether td can build against it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sizeOfFile } from './locate.ts';
import { libraryNames } from './paths.ts';

/** The first version whose package has both libraries under the names that td links. */
export const OLDEST_VERSION = '2.15';

export interface TensorflowFolder {
  /** site-packages/tensorflow */
  readonly libraries: string;
  readonly version: string;
  readonly build: 'cpu' | 'gpu';
}

/** Names under which TensorFlow is distributed; others that begin so (tensorflow_hub) are other things. */
const DISTRIBUTION =
  /^(?:tensorflow(?:_cpu|_gpu|_intel|_macos|_rocm|_cpu_aws)?|intel_tensorflow|tf_nightly(?:_cpu)?)-(\d[^-]*)\.(?:dist-info|egg-info)$/i;

/**
 * @param folder a package folder: site-packages/tensorflow
 * @returns what is there, or in a clause why it will not do
 */
export function inspectFolder(
  folder: string,
  platform: NodeJS.Platform = process.platform,
): TensorflowFolder | { readonly reason: string } {
  const version = versionOf(folder);
  if (version === undefined) return { reason: `${folder} does not say which version of TensorFlow it is` };
  if (!isRecent(version)) {
    return { reason: `${folder} is TensorFlow ${version}, expected ${OLDEST_VERSION} or newer` };
  }
  const { cc, framework } = libraryNames(platform);
  const missing = [cc, framework, 'include/tensorflow/c/c_api.h', 'include/tensorflow/c/eager/c_api.h'].find(
    (name) => sizeOfFile(join(folder, name)) === undefined,
  );
  if (missing !== undefined) return { reason: `TensorFlow ${version} in ${folder} has no ${missing}` };
  return { libraries: folder, version, build: buildOf(folder) };
}

/**
 * The package folder that a user means by naming it, site-packages, a virtual environment or an unpacked wheel.
 *
 * @returns nothing if there is none in any of them
 */
export function findPackage(folder: string): string | undefined {
  const candidates = [
    folder,
    join(folder, 'tensorflow'),
    ...['lib', 'lib64'].flatMap((name) =>
      list(join(folder, name))
        .filter((entry) => entry.startsWith('python3'))
        .map((entry) => join(folder, name, entry, 'site-packages', 'tensorflow')),
    ),
  ];
  return candidates.find((candidate) => existsSync(join(candidate, 'include', 'tensorflow')));
}

/** Whether a version is one that td can build against. */
export function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_VERSION.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** CUDA's compute capabilities that the build has kernels for: `sm_80` as 8.0; empty where it does not say. */
export function computeCapabilities(folder: string): string[] {
  const [, list = ''] = /'cuda_compute_capabilities', \[(.*?)\]/.exec(buildInfo(folder)) ?? [];
  return [...list.matchAll(/_(\d+)(\d)\b/g)].map(([, major, minor]) => `${major}.${minor}`);
}

/** TensorFlow's packages say it in a file that their build generates. */
function buildOf(folder: string): 'cpu' | 'gpu' {
  return /'is_cuda_build', True/.test(buildInfo(folder)) ? 'gpu' : 'cpu';
}

function buildInfo(folder: string): string {
  try {
    return readFileSync(join(folder, 'python', 'platform', 'build_info.py'), 'utf8');
  } catch {
    return '';
  }
}

/** The folder beside the package that pip makes for its metadata has the version in its name. */
function versionOf(folder: string): string | undefined {
  return list(dirname(folder))
    .map((name) => DISTRIBUTION.exec(name)?.[1])
    .find((version) => version !== undefined);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
