/** @file Words commander's own errors as sentences like all others, and refuses flags that are given twice or taken for values. */
import type { Command } from 'commander';
import { toOneLine, UserError } from '../errors.ts';

/** Commander's messages, and what stands for them. */
const REWORDINGS: readonly (readonly [RegExp, string])[] = [
  [/^unknown option '(.*?)'/, 'unknown option "$1"'],
  [/^unknown command '(.*?)'/, 'unknown command "$1"'],
  [/^missing required argument '(.*)'$/, 'the argument <$1> is missing'],
  [/^option '(\S+) (.*)' argument missing$/, '$1 has no value, expected $2'],
  [
    /^too many arguments(?: for '.*')?\. Expected (\d+) arguments? but got (\d+)\.$/,
    'too many arguments: expected $1, got $2',
  ],
  [/ \(Did you mean one of (.*)\?\)$/, ' (did you mean one of $1?)'],
  [/ \(Did you mean (.*)\?\)$/, ' (did you mean "$1"?)'],
];

/**
 * Makes the errors of a command's own parsing one line each, ended by where its help is found.
 *
 * @param path the command as the user types it: `td data list`
 */
export function rewordUsageErrors(command: Command, path: string): void {
  command.configureOutput({
    outputError: (text, write) => write(`td: ${rewordMessage(text)}; see ${path} --help\n`),
  });
}

function rewordMessage(text: string): string {
  const message = toOneLine(text.trim().replace(/^error: /, ''));
  return REWORDINGS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), message);
}

/**
 * Refuses a second value of a flag that takes one: commander would let the last win without a word. Refuses a flag for a value,
 * too: `--results --dry-run` would train, into a folder of that name.
 *
 * @param repeatable attribute names of the flags that collect their values
 */
export function refuseSlips(command: Command, repeatable: readonly string[]): void {
  for (const option of command.options) {
    if (option.isBoolean()) continue;
    const isRepeatable = repeatable.includes(option.attributeName());
    let isGiven = false;
    command.on(`option:${option.name()}`, (value: unknown) => {
      if (typeof value === 'string' && /^--./.test(value))
        throw new UserError(`${option.long} has no value but the flag "${value}", expected ${option.flags}`);
      if (isGiven && !isRepeatable)
        throw new UserError(`${option.long} is given twice, expected one ${option.flags}`);
      isGiven = true;
    });
  }
}
