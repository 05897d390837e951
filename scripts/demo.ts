/** @file npm run demo: trains, sweeps and reports a shortened MNIST experiment, as a user would on the command line. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const TD = join(import.meta.dirname, '../bin/td');
const EXPERIMENT = 'configs/demo.yaml';

/** Runs a command of td in the foreground, and ends this process if it fails. */
function td(...parameters: string[]): void {
  process.stderr.write(`\n$ td ${parameters.join(' ')}\n`);
  const { status } = spawnSync(process.execPath, [TD, ...parameters], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

td('run', EXPERIMENT);
td('sweep', EXPERIMENT);
td('report', EXPERIMENT);
