/** @file The log of a run: lines of JSON in its folder, and on standard error if asked for. */
import { type Logger, multistream, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { isTerminal, takesEscapes } from '../terminal/capabilities.ts';

export interface RunLog {
  readonly log: Logger;
  close(): void;
}

/**
 * Opens a log for appending. A line that cannot be written, say because the disk is full, is left out.
 *
 * @param echo also to standard error: pretty in a terminal (in colour where it takes any), JSON elsewhere
 */
export function openRunLog(path: string, echo: boolean): RunLog {
  const file = pino.destination({ dest: path, sync: true, append: true });
  file.on('error', () => {});
  const streams = echo ? [{ stream: file }, { stream: openEcho() }] : [{ stream: file }];
  return { log: pino({ base: null }, multistream(streams)), close: () => file.end() };
}

function openEcho(): { write(line: string): void } {
  if (!isTerminal(process.stderr)) return process.stderr;
  const prettify = prettyFactory({
    colorize: takesEscapes(process.stderr),
    translateTime: 'SYS:HH:MM:ss',
  });
  return { write: (line) => process.stderr.write(prettify(line)) };
}
