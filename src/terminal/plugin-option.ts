/** @file The flag for plugins, which are loaded before any other flag is looked at. */
import { Option } from 'commander';

export function pluginOption(): Option {
  return new Option(
    '--plugin <file>',
    'methods, models and data sets of your own (.ts, .js); repeatable',
  ).argParser((text, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]);
}
