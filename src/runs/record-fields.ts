/** @file Kinds of fields that several records of a run have. */
import { z } from 'zod';

export const count = z.int().nonnegative();

export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 of 64 hexadecimal digits');

/** Of settings. */
export const hash = z.string().regex(/^[0-9a-f]{8,}$/, 'expected at least 8 hexadecimal digits');
