/** @file The experiments that come with this program. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { suggest, UserError } from '../errors.ts';

/** A folder with one experiment a file. */
export const CONFIGS = join(import.meta.dirname, '../../configs');

export interface ShippedExperiment {
  /** Of the file without its ending, below the folder: `mnist-lenet`, `quick/criteria`. */
  readonly name: string;
  /** The beginning of its header, up to a colon or full stop. */
  readonly summary: string;
}

/** In alphabetical order. */
export function listShipped(): ShippedExperiment[] {
  return readdirSync(CONFIGS, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yaml'))
    .map((path) => path.replaceAll('\\', '/').replace(/\.yaml$/, ''))
    .sort()
    .map((name) => ({ name, summary: summarize(readShipped(name)) }));
}

/**
 * The file of an experiment, and of those that it extends.
 *
 * @param name as `listShipped` has it, with the ending or without
 * @returns texts by name, the experiment itself first
 * @throws UserError with the nearest name if there is none of this name
 */
export function findShipped(name: string): Map<string, string> {
  const wanted = name.replace(/\.ya?ml$/, '').replace(/^configs\//, '');
  const names = listShipped().map((shipped) => shipped.name);
  if (!names.includes(wanted))
    throw new UserError(`no experiment "${name}" comes with td${suggest(wanted, names)}`);
  const found = new Map<string, string>();
  let next: string | undefined = wanted;
  while (next !== undefined && !found.has(next)) {
    const text = readShipped(next);
    found.set(next, text);
    const base = /^extends: *(\S+)\.yaml/m.exec(text)?.[1];
    next = base === undefined ? undefined : posix.join(posix.dirname(next), base);
  }
  return found;
}

function readShipped(name: string): string {
  return readFileSync(join(CONFIGS, `${name}.yaml`), 'utf8');
}

/** Of the first comment, whose lines are joined. */
function summarize(text: string): string {
  const [comment = ''] = /^(# .*\n)+/.exec(text) ?? [];
  return (
    comment
      .replaceAll(/^# /gm, '')
      .replaceAll('\n', ' ')
      .trim()
      .split(/[:.] |\.$/)[0] ?? ''
  );
}
