/** @file Kinds of values that settings are made of. */
import { z } from 'zod';

/** A share or a probability. */
export const rate = z.number().min(0).max(1);
/** A number above 0. */
export const positive = z.number().positive();
/** An integer from 1. */
export const count = z.int().positive();
/** Whole numbers up to a bound far beyond use. Only the message about a number above it names the bound. */
export const countTo = (most: number) =>
  count.refine((value) => value <= most, { error: `expected at most ${most}` });
/** A list of `least` entries or more, with an upper bound as in `countTo`. */
export const listOf = <T extends z.ZodType>(entry: T, least: number, most: number) =>
  z
    .array(entry)
    .min(least)
    .refine((list) => list.length <= most, { error: `expected at most ${most}` });
/** The word that tells one member of a choice from the others. */
export const name = <T extends string>(value: T) => z.literal(value);
/** What is dropped, penalised or pruned: single weights, or whole units. */
export const granularity = z.enum(['weight', 'unit']);

/** A point in training. Epochs come out as a number whichever way they were written, so that both have one identity. */
export const point = z
  .union([
    z.number().nonnegative(),
    z
      .string()
      .regex(/^(\d+(\.\d+)?ep|\d+it)$/)
      // More digits than a double counts exactly mean no point in any training.
      .max(20)
      .transform((text) => (text.endsWith('ep') ? Number(text.slice(0, -2)) : text)),
  ])
  .describe('epochs (12 or "12ep") or steps ("2000it")');
