/** @file Kinds of fields that several records of a run have. */
import { createHash } from 'node:crypto';
import { z } from 'zod';

export const count = z.int().nonnegative();

export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 of 64 hexadecimal digits');

/** What such a field holds of a file. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Most bytes of a file of arrays: Node reads no more at once. */
export const LARGEST_CHECKPOINT = 2 ** 31 - 1;

/** Of settings. */
export const hash = z.string().regex(/^[0-9a-f]{8,}$/, 'expected at least 8 hexadecimal digits');
