/** @file Entry point: guards the streams, listens for signals, and is the only place that ends the process. */

import { listenForSignals, listHangUps } from '../terminal/interruption.ts';
import { endWithNpm } from '../terminal/parent.ts';
import { guardStreams, settleOutput } from '../terminal/streams.ts';
import { runCommandLine } from './command-line.ts';

guardStreams();
listenForSignals((code) => process.exit(code));
endWithNpm(() => listHangUps().length > 0);
process.exit(await settleOutput(await runCommandLine(process.argv.slice(2))));
