/** @file Flags that several commands share, and how the text of a flag becomes a value. */
import { Command, Option } from 'commander';
import { availableThreads } from '../engines/threads.ts';
import { DEVICE_NAMES, type DeviceName, ENGINE_NAMES } from '../engines/types.ts';
import { messageOf, suggest, UserError } from '../errors.ts';
import type { AskedEvaluation } from '../methods/evaluations.ts';
import { DEFAULT_RESULTS } from '../next-command.ts';
import { parsePruneRates } from '../pruning/rates.ts';
import { EVALUATIONS } from '../pruning/types.ts';
import { findRepeated } from '../settings/repeated.ts';
import type { EvaluationView } from '../sweeps/evaluations.ts';
import { printLine } from './progress.ts';

/** Where a command computes. */
export interface ExecutionOptions {
  readonly engine: string;
  /** The engine's own choice if absent. */
  readonly device?: DeviceName;
  /** Threads inside an operation; the engine's own default if absent. */
  readonly threads?: number;
  /** TensorFlow op by op. */
  readonly eager?: boolean;
  /** TensorFlow with XLA. */
  readonly xla?: boolean;
}

export function resultsOption(): Option {
  return new Option('--results <folder>', 'where results are read and written').default(
    DEFAULT_RESULTS,
    DEFAULT_RESULTS,
  );
}

/** The flags of whatever trains or evaluates networks, in the order of the help. */
export function executionOptions(): Option[] {
  return [engineOption(), deviceOption(), eagerOption(), xlaOption(), threadsOption()];
}

/**
 * What flags in a plan say of where is computed; what they do not say is missing.
 *
 * @param path of the plan
 * @throws UserError if they are no such flags
 */
export function parseExecution(words: readonly string[], path: string): Partial<ExecutionOptions> {
  const command = new Command().exitOverride().configureOutput({ outputError() {} });
  for (const option of executionOptions()) command.addOption(option);
  try {
    command.parse(words, { from: 'user' });
  } catch (error) {
    throw new UserError(`${path}: execution: ${messageOf(error).replace(/^error: /, '')}`);
  }
  const given = Object.entries(command.opts()).filter(
    ([name]) => command.getOptionValueSource(name) === 'cli',
  );
  return Object.fromEntries(given);
}

function engineOption(): Option {
  const names = ['auto', ...ENGINE_NAMES];
  return new Option('--engine <name>', `what computes: ${names.join(', ')}`)
    .default('auto', 'auto')
    .env('TD_ENGINE')
    .argParser((text) => parseChoice(text, names, '--engine'));
}

function deviceOption(): Option {
  return new Option('--device <name>', `where it computes: ${DEVICE_NAMES.join(', ')}`)
    .default('auto', 'auto')
    .argParser((text) => parseChoice(text, DEVICE_NAMES, '--device'));
}

function eagerOption(): Option {
  return new Option('--eager', 'with tensorflow: operation by operation, not compiled');
}

function xlaOption(): Option {
  return new Option('--xla', 'with tensorflow: the whole step compiled by XLA').conflicts('eager');
}

export function threadsOption(): Option {
  const count = countOption('--threads <n>', 'threads inside an operation (default: all that td may use)');
  const parse = count.parseArg;
  return count.argParser((text, previous) => {
    const threads = parse?.(text, previous);
    requireThreads(Number(threads));
    return threads;
  });
}

/** More threads than this many times those that can run at once are taken for a typing error. */
const MOST_OVERSUBSCRIBED = 16;

/** @throws UserError if the process may use far fewer */
function requireThreads(threads: number): void {
  const available = availableThreads();
  if (threads <= available) return;
  const most = MOST_OVERSUBSCRIBED * available;
  const may = `the ${available} that this process may use`;
  if (threads > most)
    throw new UserError(
      `--threads is "${threads}", expected at most ${most}, ${MOST_OVERSUBSCRIBED} times ${may}`,
    );
  printLine(`warning: --threads ${threads} is more than ${may}; they will wait for one another`);
}

export function checkpointMinutesOption(): Option {
  const description = 'time between checkpoints within an epoch (default: 5)';
  return new Option('--checkpoint-minutes <n>', description).argParser((text) => {
    if (/^\d{1,6}(\.\d{1,6})?$/.test(text) && Number(text) > 0) return Number(text);
    throw new UserError(`--checkpoint-minutes is "${text}", expected a number above 0`);
  });
}

export function whenBusyOption(): Option {
  const choices = ['skip', 'wait'];
  const description = 'if another process trains a run: skip it, or wait for it (default: skip)';
  return new Option('--when-busy <what>', description).argParser((text) =>
    parseChoice(text, choices, '--when-busy'),
  );
}

/** One of several words, the first of which holds if the flag is absent. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const [name = flags] = flags.split(' ');
  const [first = ''] = choices;
  return new Option(flags, `${description}: ${choices.join(', ')}`)
    .default(first, first)
    .argParser((text) => parseChoice(text, choices, name));
}

/** @param otherwise what holds if the flag is absent, in words */
export function pruneOption(otherwise = "the experiment's"): Option {
  const description = `rates and ranges: 0.5,0.9 or 0:0.99 (default: ${otherwise})`;
  return new Option('--prune <rates>', description).argParser((text) => {
    try {
      return parsePruneRates(text);
    } catch (error) {
      throw error instanceof UserError ? new UserError(`--prune: ${error.message}`) : error;
    }
  });
}

/** One rate. */
export function rateOption(): Option {
  const description = 'share that is pruned: 0.8 (default: nothing)';
  return new Option('--prune <rate>', description).argParser((text) => parseRate(text, '--prune'));
}

function parseRate(text: string, flag: string): number {
  if (/^(0|0?\.\d{1,15})$/.test(text)) return Number(text);
  throw new UserError(`${flag} is "${text}", expected one rate of at least 0 and below 1, such as 0.8`);
}

/** The rate at which a grid of variants is laid out. */
export function gridOption(): Option {
  const description = 'variants of a grid by its two axes, at this prune rate: 0.8';
  return new Option('--grid <rate>', description).argParser((text) => parseRate(text, '--grid'));
}

/** What one rate is of. */
export function removedOption(): Option {
  const choices = ['weight', 'unit'];
  const description = `what is pruned: ${choices.join(', ')}`;
  return new Option('--granularity <what>', description).argParser((text) =>
    parseChoice(text, choices, '--granularity'),
  );
}

export function jsonOption(description = 'print JSON'): Option {
  return new Option('--json', description);
}

/** @param otherwise what holds if the flag is absent, in words */
export function granularityOption(otherwise = "the experiment's"): Option {
  const choices = ['weight', 'unit', 'both'];
  const description = `what is pruned: ${choices.join(', ')} (default: ${otherwise})`;
  return new Option('--granularity <what>', description).argParser((text) =>
    parseChoice(text, choices, '--granularity'),
  );
}

const ASKED: readonly AskedEvaluation[] = [...EVALUATIONS, 'paper'];

/** One or several evaluations. */
export function evaluationsOption(): Option {
  const description = `how pruned networks are judged: ${ASKED.join(', ')} (default: dense)`;
  return new Option('--evaluate <how>', description).argParser((text) => {
    const names = parseList(text, '--evaluate', 'evaluations');
    return names.map((name) => parseChoice(name, ASKED, '--evaluate'));
  });
}

/** @param otherwise what holds if the flag is absent, in words */
function evaluateOption(otherwise: string): Option {
  const description = `which evaluation: ${ASKED.join(', ')} (default: ${otherwise})`;
  return new Option('--evaluate <how>', description).argParser((text) =>
    parseChoice(text, ASKED, '--evaluate'),
  );
}

/** Which evaluation a command shows. */
export interface ViewOptions {
  readonly evaluate?: AskedEvaluation;
  readonly recalibrated?: boolean;
}

/**
 * The flags of whatever shows one evaluation.
 *
 * @param otherwise what is shown without them, in words
 */
export function viewOptions(otherwise = 'dense'): Option[] {
  return [evaluateOption(otherwise), new Option('--recalibrated', 'with batch-norm averages taken anew')];
}

export function viewOf({ evaluate = 'dense', recalibrated = false }: ViewOptions): EvaluationView {
  return { evaluate, recalibrated };
}

export function alphaOption(): Option {
  const description = 'share of unchanged experiments that may fail by chance';
  return new Option('--alpha <share>', description).default(0.01, '0.01').argParser((text) => {
    if (/^0?\.\d{1,12}$/.test(text) && Number(text) > 0) return Number(text);
    throw new UserError(`--alpha is "${text}", expected a share between 0 and 1, such as 0.01`);
  });
}

/** @param formats names of the formats, the default first */
export function formatOption(formats: readonly string[]): Option {
  const [first = ''] = formats;
  return new Option('--format <name>', formats.join(', '))
    .default(first, first)
    .argParser((text) => parseChoice(text, formats, '--format'));
}

/** @param flags as commander writes them: `--steps <n>` */
export function countOption(flags: string, description: string): Option {
  const [name = flags] = flags.split(' ');
  return new Option(flags, description).argParser((text) => {
    if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
    throw new UserError(`${name} is "${text}", expected a whole number above 0`);
  });
}

export function portOption(): Option {
  return new Option('--port <n>', 'with --serve: port (default: one that is free)').argParser((text) => {
    if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
    throw new UserError(`--port is "${text}", expected a number from 0 to 65535`);
  });
}

export function variantsOption(description: string): Option {
  return new Option('--only <variants>', description).argParser((text) =>
    parseList(text, '--only', 'names of variants'),
  );
}

export function seedsOption(): Option {
  return new Option('--seeds <seeds>', "these seeds instead of the experiment's: 0,1,2").argParser((text) => {
    const seeds = parseList(text, '--seeds', 'seeds').map((seed) => {
      if (/^\d+$/.test(seed) && Number.isSafeInteger(Number(seed))) return Number(seed);
      throw new UserError(`--seeds: "${seed}" is no seed, expected whole numbers separated by commas`);
    });
    // The same number may be spelled in two ways: 0,00.
    refuseRepeated(seeds, '--seeds');
    return seeds;
  });
}

/** The one flag that may be given again and again. */
export function settingOption(): Option {
  return new Option(
    '--set <path=value>',
    'change a setting, such as schedule.epochs=5; repeatable',
  ).argParser((text, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]);
}

/** @throws UserError with the nearest choice if the text is none of them */
export function parseChoice(text: string, choices: readonly string[], flag: string): string {
  if (choices.includes(text)) return text;
  throw new UserError(`${flag}: there is no "${text}"${suggest(text, choices)}`);
}

/** @throws UserError if an entry is empty or repeated */
function parseList(text: string, flag: string, what: string): string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.includes('')) throw new UserError(`${flag} is "${text}", expected ${what} separated by commas`);
  refuseRepeated(entries, flag);
  return entries;
}

/** A repeated entry is taken for a typing error: the second was meant to be another one. */
function refuseRepeated(entries: readonly (string | number)[], flag: string): void {
  const repeated = entries[findRepeated(entries)];
  if (repeated !== undefined) throw new UserError(`${flag}: "${repeated}" stands twice, expected each once`);
}
