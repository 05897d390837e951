/** @file npm run demo: trains, sweeps and reports a shortened MNIST experiment, as a user would on the command line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endWithNpm } from '../src/terminal/parent.ts';

const TD = join(import.meta.dirname, '../bin/td');
const EXPERIMENT = 'configs/demo.yaml';

/** Flags for each command: `--results elsewhere`. */
const FLAGS = process.argv.slice(2);

let running: ChildProcess | undefined;

/** Runs a command of td in the foreground, and ends this process if it fails. */
async function td(command: string): Promise<void> {
  process.stderr.write(`\n$ td ${[command, EXPERIMENT, ...FLAGS].join(' ')}\n`);
  running = spawn(process.execPath, [TD, command, EXPERIMENT, ...FLAGS], { stdio: 'inherit' });
  const [code] = (await once(running, 'close')) as [number | null];
  if (code !== 0) process.exit(code ?? 1);
}

// What ends this process alone must end what it runs; of a signal that both of them get, td takes one.
let isHungUp = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isHungUp ||= signal === 'SIGHUP';
    running?.kill(signal);
  });
}
endWithNpm(() => isHungUp);

await td('run');
await td('sweep');
await td('report');
