/** @file Options of the library's functions, held to what the flags of the command line allow: the first mistake in one sentence. */
import { z } from 'zod';
import { shorten, suggest, UserError } from '../errors.ts';
import { EVALUATIONS } from '../pruning/types.ts';
import { isPlain } from '../settings/plain.ts';
import { count, positive } from '../settings/values.ts';

/** Characters of a value in an error. */
const MOST_SHOWN = 60;

interface Option {
  readonly schema: z.ZodType;
  /** In words. */
  readonly expected: string;
  /** Names, one or several of which it takes. */
  readonly choices?: readonly string[];
}

type Options = Readonly<Record<string, Option>>;

const COUNT: Option = { schema: count, expected: 'a whole number above 0' };
const WORDS: Option = { schema: z.array(z.string()), expected: 'a list of strings' };
const WORD: Option = { schema: z.string().min(1), expected: 'a string' };
const SWITCH: Option = { schema: z.boolean(), expected: 'true or false' };
const FUNCTION: Option = {
  schema: z.custom((value) => typeof value === 'function'),
  expected: 'a function',
};

function oneOf(choices: readonly string[]): Option {
  return { schema: z.enum(choices), expected: `one of: ${choices.join(', ')}`, choices };
}

function someOf(choices: readonly string[]): Option {
  return {
    schema: z.array(z.enum(choices)).min(1),
    expected: `a list of: ${choices.join(', ')}`,
    choices,
  };
}

const EXECUTION: Options = {
  results: WORD,
  engine: WORD,
  device: WORD,
  threads: COUNT,
  signal: {
    schema: z.custom((value) => isPlain(value) && typeof value.throwIfAborted === 'function'),
    expected: 'an AbortSignal',
  },
  startStage: FUNCTION,
};

/** Of `Experiment.load` and `Experiment.from`. */
export const EXPERIMENT_OPTIONS: Options = {
  set: WORDS,
  only: WORDS,
  seeds: { schema: z.array(z.int().nonnegative()), expected: 'a list of whole numbers from 0' },
};

/** Of `train`. */
export const TRAIN_OPTIONS: Options = {
  ...EXECUTION,
  checkpointMinutes: { schema: positive, expected: 'a number above 0' },
  tensorboard: SWITCH,
  waitsForOthers: SWITCH,
};

/** Of `sweep`. */
export const SWEEP_OPTIONS: Options = {
  ...EXECUTION,
  pruneRates: {
    schema: z.array(z.number().min(0).lt(1)).min(1),
    expected: 'numbers of at least 0 and below 1',
  },
  granularity: oneOf(['weight', 'unit', 'both']),
  evaluate: someOf([...EVALUATIONS, 'paper']),
  draws: COUNT,
  recalibrate: COUNT,
  criterion: {
    schema: z.strictObject({
      name: z.string(),
      budget: z.string().optional(),
      keepAtLeast: z.number().optional(),
      images: z.number().optional(),
    }),
    expected: 'an object such as { name: "taylor" }, with budget, keepAtLeast and images if need be',
  },
};

/**
 * @param of the function that was called, for errors
 * @param options as a program gave them
 * @throws UserError if they are no object, one has a name that no option has, or a value that it cannot have
 */
export function requireOptions(of: string, options: unknown, known: Options): void {
  if (!isPlain(options)) throw new UserError(`the options of ${of} are ${show(options)}, expected an object`);
  for (const [name, value] of Object.entries(options)) {
    const option = known[name];
    if (option === undefined)
      throw new UserError(`${of} has no option "${name}"${suggest(name, Object.keys(known))}`);
    if (value !== undefined) requireValue(name, value, option);
  }
}

function requireValue(name: string, value: unknown, { schema, expected, choices }: Option): void {
  const result = schema.safeParse(value);
  if (result.success) return;
  const [issue] = result.error.issues;
  const isOfEntry = Array.isArray(value) && typeof issue?.path[0] === 'number';
  const wrong: unknown = isOfEntry ? value[issue.path[0] as number] : value;
  const isWord =
    typeof wrong === 'string' && choices !== undefined && (isOfEntry || !expected.startsWith('a list'));
  const remedy = isWord ? suggest(wrong, choices) : `, expected ${expected}`;
  throw new UserError(`${name} ${isOfEntry ? 'has' : 'is'} ${show(wrong)}${remedy}`);
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  return shorten(
    typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value)),
    MOST_SHOWN,
  );
}
