/** @file Flags that several commands share, and how the text of a flag becomes a value. */
import { Option } from 'commander';
import { suggest, UserError } from '../errors.ts';
import { DEFAULT_RESULTS } from '../next-command.ts';
import { parsePruneRates } from '../pruning/rates.ts';
import { findRepeated } from '../settings/repeated.ts';

export function resultsOption(): Option {
  return new Option('--results <folder>', 'where results are read and written').default(
    DEFAULT_RESULTS,
    DEFAULT_RESULTS,
  );
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
  // Two thirds, as a sweep writes them, have 16 digits.
  if (/^(0|0?\.\d{1,17})$/.test(text)) return Number(text);
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

/** What `--json` does beside `--format`. */
export const AS_FORMAT = 'print JSON, as --format json does';

/** @throws UserError if `--json` stands beside another format */
export function chooseFormat<Name extends string>({
  format,
  json = false,
}: {
  readonly format: Name;
  readonly json?: boolean;
}): Name | 'json' {
  if (!json) return format;
  // The default cannot be told from a format that was asked for, and text beside JSON makes no difference.
  if (format === 'text' || format === 'json') return 'json';
  throw new UserError(`--json and --format ${format} are both given, expected one of them`);
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
      throw new UserError(
        `--seeds: "${seed}" is no seed, expected whole numbers from 0 to ${Number.MAX_SAFE_INTEGER}, separated by commas`,
      );
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
export function parseList(text: string, flag: string, what: string): string[] {
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
