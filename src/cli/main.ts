/** @file Entry point: guards the streams, listens for signals, and is the only place that ends the process. */
import { runCommandLine } from './command-line.ts';
import { listenForSignals } from './interruption.ts';
import { guardStreams, settleOutput } from './streams.ts';

guardStreams();
listenForSignals((code) => process.exit(code));
process.exit(await settleOutput(await runCommandLine(process.argv.slice(2))));
