/** @file td init: copies an experiment that comes with td into the working folder. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { experimentJsonSchema } from '../config/json-schema.ts';
import { findShipped, listShipped } from '../config/shipped.ts';
import { UserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { describeCommandLine } from '../next-command.ts';
import { jsonOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';

const HELP = `
Writes <experiment>.yaml, the files that it extends, and experiment.schema.json,
by which editors complete and check them. Files that are there already stay.

Examples:
  td init                   which experiments there are
  td init mnist-lenet
  td run mnist-lenet.yaml`;

/** Named by the first line of each file that is written. */
const SCHEMA = 'experiment.schema.json';

export function define(command: Command): void {
  command.addOption(jsonOption('print the list as JSON')).addHelpText('after', HELP).action(init);
}

/** @throws UserError before anything is written, if there is no such experiment, or one of its files is there already */
export function init(name: string | undefined, { json = false }: { readonly json?: boolean } = {}): void {
  if (json && name !== undefined)
    throw new UserError('--json is for the list of experiments, expected no name');
  if (json) {
    printJson(listShipped());
    return;
  }
  if (name === undefined) {
    printTable(
      ['experiment', 'what it shows'],
      listShipped().map((shipped) => [shipped.name, shipped.summary]),
    );
    return;
  }
  const found = [...findShipped(name)].map(([path, text]) => [path, `${basename(path)}.yaml`, text] as const);
  for (const [, file] of found)
    if (existsSync(file))
      throw new UserError(`${file} is there already, expected a folder without it; remove or rename it`);
  for (const [path, file, text] of found) {
    // Its header tells the commands for where it lay.
    const here = text.replaceAll(`configs/${path}.yaml`, file);
    writeFileAtomic(file, `# yaml-language-server: $schema=${SCHEMA}\n${here}`);
  }
  if (!existsSync(SCHEMA)) writeFileAtomic(SCHEMA, `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`);
  const [[, first = ''] = []] = found;
  print(`written: ${found.map(([, file]) => file).join(', ')}, ${SCHEMA}`);
  print(`next: ${describeCommandLine(['run', first])}`);
}
