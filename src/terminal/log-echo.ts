/** @file The log of a run on standard error, with --verbose. */
import { prettyFactory } from 'pino-pretty';
import type { LineSink } from '../runs/log.ts';
import { isTerminal, takesEscapes } from './capabilities.ts';

/** Pretty in a terminal, in colour where it takes any; JSON elsewhere. */
export function openLogEcho(): LineSink {
  if (!isTerminal(process.stderr)) return process.stderr;
  const prettify = prettyFactory({
    colorize: takesEscapes(process.stderr),
    translateTime: 'SYS:HH:MM:ss',
  });
  return { write: (line) => process.stderr.write(prettify(line)) };
}
