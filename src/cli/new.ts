/** @file td new: writes a plugin to begin with. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { suggest, UserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { makeDirectory } from '../files/directories.ts';
import { methods } from '../methods/registry.ts';
import { scaffoldMethod } from '../plugins/scaffold.ts';
import { print } from '../terminal/output.ts';

const HELP = `
Writes a folder <name> with plugin.ts (the method: settings, names, and what it
does in a step), experiment.yaml (plain training beside it), and a test,
plugin.test.mjs, which fails until the method changes something.

Example:
  td new method weight-noise
  td run weight-noise/experiment.yaml --plugin weight-noise/plugin.ts
  node --test weight-noise/plugin.test.mjs`;

const KINDS = ['method'];
const RESERVED = ['null', 'true', 'false'];

export function define(command: Command): void {
  command.addHelpText('after', HELP).action(scaffold);
}

/** @throws UserError if the kind is unknown, the name does not fit or is taken, or the folder is there already */
export function scaffold(kind: string, name: string): void {
  if (!KINDS.includes(kind))
    throw new UserError(`there is nothing "${kind}" to write${suggest(kind, KINDS)}`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40)
    throw new UserError(
      `"${name}" cannot be the name of a method, expected small letters, digits and dashes, such as weight-noise`,
    );
  if (RESERVED.includes(name))
    throw new UserError(`"${name}" cannot be the name of a method: in YAML it is no text; expected another`);
  if (methods.names.includes(name))
    throw new UserError(`there is a method "${name}" already, expected another name`);
  if (existsSync(name)) throw new UserError(`${name} is there already, expected the name of a new folder`);
  makeDirectory(name);
  for (const [file, text] of Object.entries(scaffoldMethod(name))) writeFileAtomic(join(name, file), text);
  print(`written: ${name}/plugin.ts, ${name}/experiment.yaml, ${name}/plugin.test.mjs`);
  print(`next: td run ${name}/experiment.yaml --plugin ${name}/plugin.ts`);
}
