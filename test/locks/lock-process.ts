/** @file A process that tries to take a lock at the same moments as others: round after round, when a file appears. It ends with its input. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../../src/locks/lock.ts';

const [, , folder = '', rounds = ''] = process.argv;
const won: number[] = [];
process.stdout.write('ready\n');
for (let round = 0; round < Number(rounds); round++) {
  const start = join(folder, `start-${round}`);
  // The last milliseconds are waited for without a pause, so that all begin at once.
  while (!existsSync(`${start}.soon`)) await sleep(2);
  while (!existsSync(start));
  const lock = tryLock(join(folder, `round-${round}`, 'lock.json'));
  if ('release' in lock) won.push(round);
}
process.stdout.write(JSON.stringify(won));
// A lock of a process that has ended may be taken over: it must live until the others have tried, too.
process.stdin.resume();
