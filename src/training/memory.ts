/** @file Whether a training can fit the memory of this machine, before any of it is taken. */
import { totalmem } from 'node:os';
import { type Signature, sizeOf } from '../engines/types.ts';
import { UserError } from '../errors.ts';

const BYTES_PER_NUMBER = 4;

/** At the start the first values of the state are there twice: on the host, and as a copy in the program. */
const COPIES = 2;

/** Bytes of the state: its checkpoint must be readable at once, which ends at 2 GiB, names and shapes included. */
const LARGEST_STATE = 2 ** 31 - 2 ** 20;

/**
 * Refuses a training whose state alone cannot fit. Left to begin, it would be ended by the operating system, and all other
 * runs of the command with it.
 *
 * @param available bytes of memory that this process may have
 * @throws UserError if the training needs more, by the least that it may take, or its state is larger than a checkpoint
 */
export function requireMemory({ state, feeds }: Signature, available = memoryOfProcess()): void {
  const count = (specs: Signature['state']) =>
    Object.values(specs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const needed = BYTES_PER_NUMBER * (COPIES * count(state) + count(feeds));
  if (needed <= available) {
    const stateBytes = BYTES_PER_NUMBER * count(state);
    if (stateBytes <= LARGEST_STATE) return;
    throw new UserError(
      `weights and optimizer take ${gigabytes(stateBytes)}, expected at most ${gigabytes(LARGEST_STATE)}, which a checkpoint can hold; use a smaller model`,
    );
  }
  throw new UserError(
    `the training needs at least ${gigabytes(needed)} of memory, and ${gigabytes(available)} are there; ` +
      'a smaller model or schedule.batchSize would need less',
  );
}

/** All of the machine's, or what a container leaves to this process. */
function memoryOfProcess(): number {
  // 0 or a number beyond all memory where nothing limits it.
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
