/** @file Kinds of values that settings are made of. */
import { z } from 'zod';

/** A share or a probability. */
export const rate = z.number().min(0).max(1);
export const positive = z.number().positive();
export const count = z.int().positive();
/** The word that tells one member of a choice from the others. */
export const name = <T extends string>(value: T) => z.literal(value);
export const granularity = z.enum(['weight', 'unit']);

/** A point in training. Epochs come out as a number whichever way they were written, so that both have one identity. */
export const point = z
  .union([
    z.number().nonnegative(),
    z
      .string()
      .regex(/^(\d+(\.\d+)?ep|\d+it)$/)
      .transform((text) => (text.endsWith('ep') ? Number(text.slice(0, -2)) : text)),
  ])
  .describe('epochs (12 or "12ep") or steps ("2000it")');
