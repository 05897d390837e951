/** @file td schema: prints the JSON Schema of experiment files. */
import type { Command } from 'commander';
import { experimentJsonSchema } from '../config/json-schema.ts';
import { printJson } from '../terminal/output.ts';

const HELP = `
An editor that knows YAML completes and checks an experiment whose first line is
  # yaml-language-server: $schema=experiment.schema.json
"td init" writes such a file. With --plugin the schema has the parts of plugins.

Example:
  td schema > experiment.schema.json`;

export function define(command: Command): void {
  command.addHelpText('after', HELP).action(() => printJson(experimentJsonSchema()));
}
