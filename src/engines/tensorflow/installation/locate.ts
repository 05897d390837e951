/** @file Finds the installed TensorFlow: reads one small file and looks at three more, loads nothing native. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADDON_NAME, HELPER_NAME, installationFolder, libraryNames } from './paths.ts';
import { type InstallationRecord, readRecord } from './record.ts';

export const INSTALL_COMMAND = 'td engines install tensorflow';

export interface TensorflowInstallation {
  /** td's folder of it, e.g. ~/.cache/td/engines/tensorflow */
  readonly folder: string;
  /** Path of the compiled native module (.node). */
  readonly addon: string;
  /** TensorFlow's version, e.g. 2.21.0. */
  readonly version: string;
  /** Folder that has libtensorflow_cc.so.2 and libtensorflow_framework.so.2 (site-packages/tensorflow). */
  readonly libraries: string;
  /** Whether this build of TensorFlow has CUDA kernels. */
  readonly build: 'cpu' | 'gpu';
  readonly source: InstallationRecord['source'];
  /** What built the native module: `g++ (Debian 12.2.0) 12.2.0`. */
  readonly compiler: string;
  /** What td's own sources of the native modules were; absent where an earlier version of td built them. */
  readonly ownSources?: string;
  /** ISO 8601, UTC. */
  readonly installed: string;
  readonly selfTest: InstallationRecord['selfTest'];
  /** Why a graphics card that is there was not used when it was installed, in a sentence. */
  readonly cardNote?: string;
}

/** The working installation, or the reason why there is none, in one clause that names the command that helps. */
export function locateTensorflow(
  folder: string = installationFolder(),
): TensorflowInstallation | { readonly reason: string } {
  let record: InstallationRecord | undefined;
  try {
    record = readRecord(folder);
  } catch {
    return { reason: `the installation in ${folder} is damaged or of another version of td; ${again()}` };
  }
  if (record === undefined) return { reason: `not installed, ${INSTALL_COMMAND}` };
  const here = `${process.platform}-${process.arch}`;
  if (record.platform !== here)
    return {
      reason: `the installation in ${folder} is for ${record.platform} and this is ${here}; ${again()}`,
    };
  const libraries = resolve(folder, record.libraries);
  const addon = join(folder, ADDON_NAME);
  const { cc, framework } = libraryNames();
  const needed = [addon, join(folder, HELPER_NAME), join(libraries, cc), join(libraries, framework)];
  const missing = needed.find((path) => sizeOfFile(path) === undefined);
  if (missing !== undefined) return { reason: `${missing} is gone; ${again()}` };
  if (sizeOfFile(join(libraries, cc)) !== record.libraryBytes)
    return { reason: `TensorFlow in ${libraries} was replaced since td was built against it; ${again()}` };
  const { version, build, source, compiler, ownSources, installed, selfTest, cardNote } = record;
  return {
    folder,
    addon,
    version,
    libraries,
    build,
    source,
    compiler,
    ...(ownSources === undefined ? {} : { ownSources }),
    installed,
    selfTest,
    ...(cardNote === undefined ? {} : { cardNote }),
  };
}

function again(): string {
  return `${INSTALL_COMMAND} installs it again`;
}

/** Bytes of a file, nothing if there is none. */
export function sizeOfFile(path: string): number | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isFile() ? status.size : undefined;
}
