/** @file What `td engines` says of native modules that another version of td built. */
import { INSTALL_COMMAND, type locateTensorflow } from './locate.ts';
import { hashOwnSources } from './sources.ts';

/** One sentence, or nothing if td's own parts are those of this version, or there is no installation. */
export function describeOtherKernels(located: ReturnType<typeof locateTensorflow>): string | undefined {
  if ('reason' in located || located.ownSources === hashOwnSources()) return undefined;
  return `td's kernels for TensorFlow were built by another version of td, and may be slower: ${INSTALL_COMMAND} --force builds those of this one`;
}
