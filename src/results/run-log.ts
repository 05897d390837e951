/** @file The log of a run: lines of JSON in its folder, and on standard error if asked for. */
import { type Logger, multistream, pino } from 'pino';
import pretty from 'pino-pretty';

export interface RunLog {
  readonly log: Logger;
  close(): void;
}

/**
 * Opens a log for appending. A line that cannot be written, say because the disk is full, is left out.
 *
 * @param echo also to standard error: pretty in a terminal (in colour unless NO_COLOR is set), JSON elsewhere
 */
export function openRunLog(path: string, echo: boolean): RunLog {
  const file = pino.destination({ dest: path, sync: true, append: true });
  file.on('error', () => {});
  const streams = echo ? [{ stream: file }, { stream: openEcho() }] : [{ stream: file }];
  return { log: pino({ base: null }, multistream(streams)), close: () => file.end() };
}

function openEcho(): NodeJS.WritableStream {
  const isTerminal = process.stderr.isTTY === true;
  if (!isTerminal) return process.stderr;
  return pretty({
    destination: process.stderr.fd,
    sync: true,
    colorize: !process.env.NO_COLOR,
    translateTime: 'SYS:HH:MM:ss',
  });
}
