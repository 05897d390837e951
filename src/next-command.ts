/** @file Commands of td as a user would type them next: errors and notes say which one helps. */
import { UserError } from './errors.ts';

/** The folder that `--results` names if it is not given. */
export const DEFAULT_RESULTS = 'results';

let plugins: readonly string[] = [];

/** Plugins that the command under way was given: the next one needs them, too. */
export function rememberPlugins(files: readonly string[]): void {
  plugins = files;
}

/** A command on experiments: `td sweep a.yaml --results elsewhere`. */
export function describeCommand(command: string, files: readonly string[], results: string): string {
  return describeCommandLine([
    command,
    ...files,
    ...(results === DEFAULT_RESULTS ? [] : ['--results', results]),
    ...plugins.flatMap((file) => ['--plugin', file]),
  ]);
}

/** That there is nothing to sweep, to draw or to report on, and what trains something. */
export function nothingTrained(results: string): UserError {
  const flags = describeCommand('run', [], results).slice('td run'.length);
  return new UserError(`nothing is trained in ${results}; train with: td run <experiment.yaml>${flags}`);
}

/** @param words what follows `td` */
export function describeCommandLine(words: readonly string[]): string {
  return describeWords(['td', ...words]);
}

/** Words as a shell takes each for one. */
export function describeWords(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

/** A word as a shell takes it for one. */
function quote(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
