/** @file The log of a run: lines of JSON in its folder. */
import { type Logger, multistream, pino } from 'pino';

export interface RunLog {
  readonly log: Logger;
  close(): void;
}

/** What takes lines of a log, each with its line end. */
export interface LineSink {
  write(line: string): unknown;
}

/**
 * Opens a log for appending. A line that cannot be written, say because the disk is full, is left out.
 *
 * @param echo is given each line as well
 */
export function openRunLog(path: string, echo?: LineSink): RunLog {
  const file = pino.destination({ dest: path, sync: true, append: true });
  file.on('error', () => {});
  const streams = echo === undefined ? [{ stream: file }] : [{ stream: file }, { stream: echo }];
  return { log: pino({ base: null }, multistream(streams)), close: () => file.end() };
}
