/** @file Names of the folders and files of an installation. */
import { join } from 'node:path';
import { cacheFolder } from '../../../files/cache-folder.ts';

/** td's own folder of TensorFlow. What lies beside it (`besides`) is work under way. */
export function installationFolder(environment?: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), 'engines', 'tensorflow');
}

/** The file whose presence means that an installation is whole: written last, before the folder gets its name. */
export const RECORD_NAME = 'installation.json';
export const ADDON_NAME = 'tensorflow.node';
/** A second module, of td's own, that lies beside it: what the engine needs of its process (native/process.cc). */
export const HELPER_NAME = 'process.node';
/** A third, with kernels of td's own for TensorFlow (native/kernels.cc). */
export const KERNELS_NAME = 'kernels.node';
/** Where wheels are unpacked, laid out as Python does: TensorFlow looks for the nvidia libraries beside its own folder. */
export const PACKAGES_NAME = 'site-packages';

/** What an installation under way keeps beside the folder: its lock, wheels that have arrived, and its half-done work. */
export function besides(folder: string): { lock: string; downloads: string; work: string; former: string } {
  return {
    lock: `${folder}.lock`,
    downloads: `${folder}.downloads`,
    work: `${folder}.work`,
    former: `${folder}.former`,
  };
}

/** The two libraries that the native module is linked against, as each system names them. */
export function libraryNames(platform: NodeJS.Platform = process.platform): {
  cc: string;
  framework: string;
} {
  if (platform === 'darwin') {
    return { cc: 'libtensorflow_cc.2.dylib', framework: 'libtensorflow_framework.2.dylib' };
  }
  return { cc: 'libtensorflow_cc.so.2', framework: 'libtensorflow_framework.so.2' };
}
