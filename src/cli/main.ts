/** @file Entry point: listens for signals and closed pipes, and is the only place that ends the process. */
import { runCommandLine } from './command-line.ts';
import { listenForSignals } from './interruption.ts';

function isClosedPipe(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE';
}

/** A reader that closes the pipe early (`td list | head`) is no error: what it asked for, it has read. */
process.stdout.on('error', (error) => {
  if (!isClosedPipe(error)) throw error;
  process.exit(Number(process.exitCode ?? 0));
});

/** Nobody has to watch a training for it to go on. */
process.stderr.on('error', (error) => {
  if (!isClosedPipe(error)) throw error;
});

listenForSignals((code) => process.exit(code));
process.exit(await runCommandLine(process.argv.slice(2)));
