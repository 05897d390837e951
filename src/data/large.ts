/** @file Work on many bytes shows how far it is; on few it is done before anybody could look. */

import { formatMegabytes } from '../format.ts';
import type { Stage, StartStage } from '../progress.ts';

/** Bytes beyond which reading, unpacking or hashing may take more than two seconds on a slow machine. MNIST has 55 MB. */
const FEW_BYTES = 2 ** 26;

/** Work on a number of bytes. */
export interface Passage {
  /** So many more bytes are done. */
  add(bytes: number): void;
  stop(): void;
}

/**
 * Begins work on some bytes.
 *
 * @param startStage shows it if it may take long; absent for callers that show nothing
 */
export function beginPassage(label: string, bytes: number, startStage?: StartStage): Passage {
  const stage: Stage | undefined =
    bytes > FEW_BYTES ? startStage?.(`${label} (${formatMegabytes(bytes)})`, bytes) : undefined;
  let done = 0;
  return {
    add(more) {
      done += more;
      stage?.update(done, `${formatMegabytes(done)} of ${formatMegabytes(bytes)}`);
    },
    stop: () => stage?.stop(),
  };
}
