/** @file Entry point: guards the streams, listens for signals, and is the only place that ends the process. */
import { runCommandLine } from './command-line.ts';
import { listenForSignals, listHangUps } from './interruption.ts';
import { endWithNpm } from './parent.ts';
import { guardStreams, settleOutput } from './streams.ts';

guardStreams();
listenForSignals((code) => process.exit(code));
endWithNpm(() => listHangUps().length > 0);
process.exit(await settleOutput(await runCommandLine(process.argv.slice(2))));
