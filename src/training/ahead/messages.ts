/** @file What the thread that trains and the one that makes its feeds say to one another. */
import type { MessagePort, TransferListItem } from 'node:worker_threads';
import type { NamedArrays } from '../../arrays.ts';
import type { Split } from '../../data/types.ts';
import type { DrawnBatch } from '../drawn-feeds.ts';

export interface WorkerSettings {
  readonly seed: number;
  readonly port: MessagePort;
  /** Numbers that both see; the places below say what they count. */
  readonly signals: Int32Array;
}

/** 1 once the thread takes requests. */
export const READY = 0;
/** Requests that were answered. */
export const ANSWERED = 1;

/** Memory that goes to and fro without being copied. Each array has its own. */
export interface Memory {
  /** What a step is fed, to be filled. */
  readonly arrays: NamedArrays;
  /** The images of a batch, one behind the other. */
  readonly images: Uint8Array;
}

export interface Request extends Memory {
  /** Its images are those of the memory. */
  readonly batch: Omit<DrawnBatch, 'split'> & { readonly split: Omit<Split, 'images'> };
}

/** The memory, its arrays filled; nothing if that failed. */
export type Answer = Memory | undefined;

/** What is handed over with a message. */
export function buffersOf({ arrays, images }: Memory): TransferListItem[] {
  return [...Object.values(arrays), images].map(({ buffer }) => buffer as ArrayBuffer);
}
