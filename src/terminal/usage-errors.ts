/** @file Puts commander's error messages into the form of td's own, and refuses repeated flags and flags in the place of values. */
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
 * @param program that speaks
 */
export function rewordUsageErrors(command: Command, path: string, program = 'td'): void {
  command.configureOutput({
    outputError: (text, write) => write(`${program}: ${rewordMessage(text)}; see ${path} --help\n`),
  });
}

function rewordMessage(text: string): string {
  const message = toOneLine(text.trim().replace(/^error: /, ''));
  return REWORDINGS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), message);
}

/**
 * Refuses a second value for a flag that takes one, where commander would silently take the last. Refuses a flag in the place
 * of a value, too: `--results --dry-run` would train, into a folder named "--dry-run".
 *
 * @param repeatable attribute names of the flags that collect their values
 * @param ofFlags attribute names of the flags whose values are flags of another program: td's own are refused there, too
 */
export function refuseSlips(
  command: Command,
  repeatable: readonly string[],
  ofFlags: readonly string[] = [],
): void {
  for (const option of command.options) {
    if (option.isBoolean()) continue;
    const isRepeatable = repeatable.includes(option.attributeName());
    let isGiven = false;
    command.on(`option:${option.name()}`, (value: unknown) => {
      const isOwn = command.options.some(({ long }) => long === value);
      const isFlag = typeof value === 'string' && /^--./.test(value);
      if (isFlag && (isOwn || !ofFlags.includes(option.attributeName())))
        throw new UserError(`${option.long} has no value but the flag "${value}", expected ${option.flags}`);
      if (isGiven && !isRepeatable)
        throw new UserError(`${option.long} is given twice, expected one ${option.flags}`);
      isGiven = true;
    });
  }
}
