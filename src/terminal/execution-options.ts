/** @file Flags that say where a command computes. */
import { Command, Option } from 'commander';
import { availableThreads, MOST_OVERSUBSCRIBED } from '../engines/threads.ts';
import { DEVICE_NAMES, type DeviceName, ENGINE_NAMES } from '../engines/types.ts';
import { messageOf, UserError } from '../errors.ts';
import { countOption, parseChoice } from './options.ts';
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
    .argParser((text) => parseChoice(text, names, isFromEnvironment(text) ? 'TD_ENGINE' : '--engine'));
}

/** Whether a value of --engine is that of the environment, which holds where no flag is given. */
function isFromEnvironment(text: string): boolean {
  return process.env.TD_ENGINE === text && !process.argv.some((word) => /^--engine(=|$)/.test(word));
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
