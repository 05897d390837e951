/** @file The numbers that the paper published, read from results/paper/paper-tables.csv. */
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { LARGEST_RECORD } from '../../files/json.ts';
import { readBoundedFile } from '../../files/read.ts';
import { definitionOf, haveEqualNumbers, type Method } from '../../methods/names.ts';
import type { Granularity } from '../../pruning/types.ts';

const PAPER_TABLES = join(import.meta.dirname, '../../../results/paper/paper-tables.csv');

const decimal = z
  .string()
  .regex(/^\d+(\.\d+)?$/, 'expected a number')
  .transform(Number);
/** As a share: 92.21 / 100 is not the double nearest to 0.9221. */
const percentage = decimal
  .pipe(z.number().max(100))
  .transform((percent) => Number((percent / 100).toPrecision(12)));

const rowSchema = z.strictObject({
  table: z.string().min(1),
  network: z.enum(['resnet32-wide', 'vgg16', 'wide-resnet']),
  dataset: z.enum(['cifar10', 'cifar100']),
  granularity: z.enum(['weight', 'unit']),
  method: z
    .string()
    .regex(/^[a-z0-9-]+(\([^()]+\))?$/, 'expected a method such as targeted(0.66,0.75)')
    .transform(parseMethod),
  prune_percent: percentage,
  metric: z.literal('top1'),
  value: percentage,
  std: z
    .literal('')
    .transform(() => undefined)
    .or(percentage),
});

/** One published accuracy. Rates and accuracies are shares, 0 to 1. */
export interface PublishedNumber {
  /** Which table of the paper. */
  readonly table: string;
  readonly network: string;
  readonly dataset: string;
  readonly granularity: Granularity;
  readonly method: Pick<Method, 'name' | 'numbers'>;
  readonly pruneRate: number;
  readonly accuracy: number;
  /** Standard deviation, where the paper has one. */
  readonly deviation: number | undefined;
}

/**
 * @param path for tests: another file of that form
 * @throws UserError naming file and line if it is missing or malformed
 */
export function readPublished(path = PAPER_TABLES): PublishedNumber[] {
  return parseRows(path).map((record, index) => {
    const { data, error } = rowSchema.safeParse(record);
    if (data === undefined) {
      const [issue] = error.issues;
      // The header is line 1.
      throw new UserError(`${path}:${index + 2}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
    }
    const { prune_percent, value, std, metric, ...rest } = data;
    return { ...rest, pruneRate: prune_percent, accuracy: value, deviation: std };
  });
}

function parseRows(path: string): unknown[] {
  const text = readBoundedFile(path, LARGEST_RECORD);
  if (text === undefined) throw new UserError(`${path} is missing, though it is part of td`);
  try {
    return parse(text, { columns: true });
  } catch (error) {
    const { message, lines } = error as Error & { lines?: number };
    throw new UserError(`${path}:${lines ?? 1}: not a valid CSV table: ${message}`);
  }
}

/** What the paper has for a method. */
export interface PublishedMatch {
  readonly numbers: readonly PublishedNumber[];
  /** Whether the settings that the paper states are those of the method. */
  readonly isExact: boolean;
}

/**
 * The published numbers of a method, those with its own settings first. A penalty of another strength is better than
 * nothing to compare with, if no other column has the published one.
 *
 * @param published of one network and granularity
 * @param others methods in the other columns
 */
export function matchPublished(
  method: Method,
  published: readonly PublishedNumber[],
  others: readonly Method[],
): PublishedMatch {
  const named = published.filter((number) => number.method.name === method.name);
  const { isTrainedPerRate, isTuned, isUnstated } = definitionOf(method)?.published ?? {};
  const isOf = (of: Method, { method: found, pruneRate }: PublishedNumber) =>
    isTrainedPerRate ? Math.abs((of.numbers[0] ?? 0) - pruneRate) < 1e-9 : haveEqualNumbers(of, found);
  const exact = named.filter((number) => isOf(method, number));
  // Settings that the paper does not state are taken to be those of the method.
  const unstated = isUnstated ? named.filter(({ method: found }) => found.numbers.length === 0) : [];
  if (exact.length > 0) {
    const isPlain = method.extras.length === 0;
    return { numbers: [...new Set([...exact, ...unstated])], isExact: isPlain };
  }
  const free = named.filter(
    (number) => !others.some((other) => other.name === method.name && isOf(other, number)),
  );
  return { numbers: isTuned ? free : [], isExact: false };
}

function parseMethod(text: string): Pick<Method, 'name' | 'numbers'> {
  const [name = '', list] = text.replace(')', '').split('(');
  return { name, numbers: list === undefined ? [] : list.split(',').map(Number) };
}
